import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Database from 'better-sqlite3'
import { parseGrammar } from '../../../src/sql/libpg-query.ts'
import { parseName, quotePostgresId, quotePostgresLiteral, quoteSqliteId } from '../../../src/sql/quote.ts'

const hostile = [
  'users',
  'Users',
  'select',
  'a"b',
  `a'b`,
  'a;drop table x;--',
  'with space',
  'ünï😀',
  'a.b',
  '$1',
  'a\\b',
  '\n',
]

describe('quotePostgresId', () => {
  for (const name of hostile)
    it(`keeps ${JSON.stringify(name)} one name for the grammar`, async () => {
      const [statement, ...rest] = await parseGrammar(`drop table ${quotePostgresId(name)}`)
      assert.equal(rest.length, 0)
      const node = statement?.node
      assert.ok(node !== undefined && 'DropStmt' in node)
      assert.deepEqual(node.DropStmt.objects, [{ List: { items: [{ String: { sval: name } }] } }])
    })

  it('takes 63 bytes and refuses 64, counted in UTF-8', () => {
    assert.equal(quotePostgresId('é'.repeat(31)), `"${'é'.repeat(31)}"`)
    assert.throws(() => quotePostgresId('é'.repeat(32)), /64 bytes/)
  })

  it('refuses NUL and the empty name', () => {
    assert.throws(() => quotePostgresId('a\0b'), /NUL/)
    assert.throws(() => quotePostgresId(''), /empty/)
  })
})

describe('quotePostgresLiteral', () => {
  const cases = [
    ['it', `'it'`],
    [`it's`, `'it''s'`],
    ['a\\b', `E'a\\\\b'`],
    [`\\' or 1=1 --`, `E'\\\\'' or 1=1 --'`],
    ['', `''`],
  ] as const
  for (const [text, quoted] of cases)
    it(`writes ${JSON.stringify(text)} as ${quoted}`, () => assert.equal(quotePostgresLiteral(text), quoted))

  it('refuses NUL', () => assert.throws(() => quotePostgresLiteral('\0'), /NUL/))
})

describe('quoting for SQLite', () => {
  for (const name of hostile)
    it(`makes a table and a value of ${JSON.stringify(name)}`, () => {
      using db = disposable(new Database(':memory:'))
      db.exec(`create table ${quoteSqliteId(name)} (v)`)
      db.prepare(`insert into ${quoteSqliteId(name)} values (?)`).run(name)
      assert.deepEqual(db.prepare("select name from sqlite_schema where type = 'table'").pluck().all(), [
        name,
      ])
      assert.deepEqual(
        db
          .prepare(`select v from ${quoteSqliteId(name)}`)
          .pluck()
          .all(),
        [name],
      )
    })

  it('refuses NUL', () => {
    assert.throws(() => quoteSqliteId('a\0b'), /NUL/)
  })
})

describe('parseName', () => {
  const names = [
    ['users', { name: 'users' }],
    ['Users', { name: 'Users' }],
    ['app.users', { schema: 'app', name: 'users' }],
    ['"Odd.Name"', { name: 'Odd.Name' }],
    ['"s"."t"', { schema: 's', name: 't' }],
    ['app."Odd.Name"', { schema: 'app', name: 'Odd.Name' }],
    ['"a.b".c', { schema: 'a.b', name: 'c' }],
    ['"say ""hi"""', { name: 'say "hi"' }],
    ['a"b', { name: 'a"b' }],
    [`it's`, { name: `it's` }],
    ['x; drop table y --', { name: 'x; drop table y --' }],
    ['with space', { name: 'with space' }],
    ['größe.😀', { schema: 'größe', name: '😀' }],
  ] as const
  for (const [text, expected] of names) it(`reads ${text}`, () => assert.deepEqual(parseName(text), expected))

  for (const text of [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a.b.c',
    '"a',
    '"a"b',
    '"a".',
    '""',
    'a."',
    'a."".b',
    '"a" .b',
  ])
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => parseName(text),
        (error: Error) => error.message.startsWith(`cannot read ${JSON.stringify(text)}`),
      ))

  it('refuses NUL', () => assert.throws(() => parseName('a\0'), /NUL/))
})

function disposable(db: Database.Database): Database.Database & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => void db.close() })
}
