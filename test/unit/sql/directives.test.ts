import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDirectives } from '../../../src/sql/directives.ts'
import { SqlSyntaxError } from '../../../src/sql/statement.ts'

const up = '-- migrate:up\n'
const down = '-- migrate:down\n'

describe('parseDirectives', () => {
  it('takes a file without markers whole as up', () => {
    const text = '-- a comment\ncreate table a (id int);\n'
    assert.deepEqual(parseDirectives(text), { up: { text, offset: 0, options: {} } })
  })

  for (const marker of [
    '-- +goose Down',
    '-- +migrate Down',
    '-- rambler down',
    '-- Down Migration',
    '-- //@UNDO',
    '-- !Downs',
    '---- create above / drop below ----',
  ])
    it(`refuses ${marker}, below which would run as well`, () => {
      const text = `create table a (id int);\n${marker}\ndrop table a;\n`
      assert.throws(
        () => parseDirectives(text),
        (error) =>
          error instanceof SqlSyntaxError &&
          error.message.startsWith(`${marker} is another tool's marker`) &&
          error.offset === text.indexOf(marker),
      )
      assert.equal(parseDirectives(`${up}a;\n${marker}\n${down}b;`).down?.text, 'b;')
      assert.equal(parseDirectives(`select '\n${marker}\n'`).up.options.key, undefined)
      assert.equal(parseDirectives(`select 1 ${marker} or what it is called`).down, undefined)
    })

  it('takes the empty file', () => assert.equal(parseDirectives('').up.text, ''))

  it('splits up and down, offsets into the file', () => {
    const text = `-- about\n\n${up}create table é (id int);\n\n${down}drop table é;\n`
    const sections = parseDirectives(text)
    assert.equal(sections.up.text, 'create table é (id int);\n\n')
    assert.equal(sections.down?.text, 'drop table é;\n')
    for (const section of [sections.up, sections.down])
      assert.equal(text.substr(section?.offset ?? -1, section?.text.length), section?.text)
  })

  it('reads options and any case, with leading blanks', () => {
    const { up: first, down: second } = parseDirectives(
      '  -- MIGRATE:UP transaction:false  dependsOn:a,b\nx;\n\t--migrate:Down ddl-lock-timeout:500ms',
    )
    assert.deepEqual(first.options, { transaction: 'false', dependsOn: 'a,b' })
    assert.equal(first.text, 'x;\n')
    assert.deepEqual(second?.options, { 'ddl-lock-timeout': '500ms' })
    assert.equal(second?.text, '')
  })

  it('takes a key that every object has for a key', () => {
    assert.deepEqual(Object.entries(parseDirectives('-- migrate:up constructor:1').up.options), [
      ['constructor', '1'],
    ])
  })

  const notMarkers = [
    ['a string', `select '\n${down}';`],
    ['an escape string', `select E'it\\'s\n${down}';`],
    ['a continued escape string', `select E'a'\n  'it\\'s\n${down}';`],
    ['a dollar-quoted body', `do $$\nbegin\n${down}end $$;`],
    ['a tagged dollar-quoted body', `do $body$ $$ \n${down}$$ $body$;`],
    ['a nested block comment', `/* /* */\n${down}*/ select 1;`],
    ['a quoted name', `select "a\n${down}b";`],
    ['prose', '-- migrate: down the road\nselect 1;'],
    ['another word', '-- migrated:down\n-- migrate the rows\nselect 1;'],
  ] as const
  for (const [what, body] of notMarkers)
    it(`does not see a marker in ${what}`, () => {
      assert.deepEqual(parseDirectives(up + body), { up: { text: body, offset: up.length, options: {} } })
    })

  it('does not take an identifier with dollars for a quote', () => {
    assert.equal(parseDirectives(`${up}select a$$ from t;\n${down}select b$$;`).down?.text, 'select b$$;')
  })

  it('reads quotes and comments as SQLite does when told so', () => {
    const text = `${up}select [it's] /* /* */;\n${down}select [it's];`
    assert.equal(parseDirectives(text).down, undefined)
    assert.equal(parseDirectives(text, 'sqlite').down?.text, `select [it's];`)
  })

  const errors = [
    ['SQL before the first marker', `-- c\nselect 1;\n${up}`, 'select', /would never run/],
    ['two ups', `${up}select 1;\n${up}`, up.trim(), /second -- migrate:up/],
    ['two downs', `${up}\n${down}\n${down}`, down.trim(), /second -- migrate:down/],
    ['up again after down', `${up}\n${down}\n${up}`, up.trim(), /second -- migrate:up/],
    ['down before up', `${down}\n${up}`, down.trim(), /before -- migrate:up/],
    ['down alone', down, down.trim(), /before -- migrate:up/],
    [
      'an unknown directive',
      `${up}-- migrate:sideways`,
      '-- migrate:sideways',
      /unknown directive -- migrate:sideways/,
    ],
    ['an empty directive', '-- migrate:', '-- migrate:', /unknown directive/],
    ['a blank before the direction', '-- migrate: up', '-- migrate: up', /blank after/],
    ['a marker behind code', `${up}select 1; -- migrate:down`, '-- migrate:down', /line of its own/],
    ['an option without value', '-- migrate:up transaction', 'transaction', /is not an option/],
    ['an option with an empty value', '-- migrate:up transaction: false', 'transaction:', /is not an option/],
    ['an option twice', '-- migrate:up a:1 a:2', 'a:2', /given twice/],
  ] as const
  for (const [what, text, at, message] of errors)
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseDirectives(text),
        (error: unknown) => {
          assert.ok(error instanceof SqlSyntaxError)
          assert.match(error.message, message)
          assert.equal(error.offset, text.lastIndexOf(at))
          assert.ok(error.hint)
          return true
        },
      )
    })

  it('reads megabytes', () => {
    const body = `insert into t values (E'${"a\\'".repeat(1_000_000)}', '${"''".repeat(1_000_000)}');\n`
    assert.equal(parseDirectives(up + body + down).up.text, body)
  })
})
