import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePostgres } from '../../../src/sql/postgres.ts'
import { SqlSyntaxError } from '../../../src/sql/statement.ts'
import { postgresCorpus, randomScript } from './corpus.ts'

const texts = async (source: string): Promise<string[]> =>
  (await parsePostgres(source)).map(({ text }) => text)

describe('parsePostgres: statements', () => {
  it('finds nothing in blanks, comments and semicolons', async () => {
    for (const text of ['', ' \n', ';;', '-- only', '/* only */ ;']) assert.deepEqual(await texts(text), [])
  })

  it('gives text, offset and nothing around them', async () => {
    const source = '-- é 😀\n select 1 /* x */ ;\n\n/* y */ select 2 -- end'
    assert.deepEqual(await parsePostgres(source), [
      { text: 'select 1', offset: 9, transaction: 'any', locks: [] },
      { text: 'select 2', offset: source.indexOf('select 2'), transaction: 'any', locks: [] },
    ])
  })

  for (const statement of postgresCorpus)
    it(`keeps one statement whole: ${statement.slice(0, 40).replaceAll('\n', ' ')}`, async () => {
      const expected = statement.startsWith('/*') ? 'select 1' : statement
      assert.deepEqual(await texts(statement), [expected])
      assert.deepEqual(await texts(`select 'é';${statement} -- c\n; select 0`), [
        `select 'é'`,
        expected,
        'select 0',
      ])
    })

  it('covers random scripts: slices at their offsets, only trivia between, each piece parses to itself', async () => {
    for (let seed = 0; seed < 150; seed += 1) {
      const { text, statements } = randomScript(postgresCorpus, seed)
      const pieces = await parsePostgres(text)
      assert.equal(pieces.length, statements.length, `seed ${seed}`)
      let at = 0
      for (const piece of pieces) {
        assert.equal(text.slice(piece.offset, piece.offset + piece.text.length), piece.text)
        assert.deepEqual(await texts(text.slice(at, piece.offset)), [], `seed ${seed}`)
        assert.deepEqual(await texts(piece.text), [piece.text])
        at = piece.offset + piece.text.length
      }
      assert.deepEqual(await texts(text.slice(at)), [])
    }
  })

  it('splits 2,000 statements with offsets behind non-ASCII text', async () => {
    const source = Array.from({ length: 2000 }, (_, n) => `insert into t${n} values ('ü😀;${n}');\n`).join('')
    const pieces = await parsePostgres(source)
    assert.equal(pieces.length, 2000)
    for (const { text, offset } of pieces) assert.ok(source.startsWith(text, offset))
    assert.equal(pieces.at(-1)?.text, `insert into t1999 values ('ü😀;1999')`)
  })
})

describe('parsePostgres: psql lines', () => {
  it('takes the lines of pg_dump for blanks', async () => {
    const source = [
      '-- dump',
      '\\restrict aB3é',
      '',
      'select 1;',
      `\\connect "it's"`,
      'select 2; -- c',
      ' \\unrestrict aB3é',
    ].join('\n')
    const pieces = await parsePostgres(source)
    assert.deepEqual(
      pieces.map(({ text, offset }) => [text, offset]),
      [
        ['select 1', source.indexOf('select 1')],
        ['select 2', source.indexOf('select 2')],
      ],
    )
  })

  it('leaves backslashes in strings, bodies and comments alone', async () => {
    const source = `select '\n\\d', $$\n\\i x\n$$, "a\n\\b" -- \\c\n`
    assert.deepEqual(await texts(source), [source.replace(/ -- .*\n/, '')])
  })

  const refused = [
    ['\\i other.sql', '\\i', /^\\i is a command of psql/],
    ['select 1;\n\\set x 1', '\\set', /^\\set is/],
    ['select 1\n\\gset', '\\gset', /^\\gset is/],
    ['select 1\n\\restrict x', '\\restrict', /^\\restrict is/],
    ['\\restricted', '\\restricted', /^\\restricted is/],
    ['select 1;\ncopy t (a, b) from stdin;\n1\t\\N\n\\.\n', 'copy', /^copy … from stdin/],
    [`COPY t FROM STDIN WITH (format csv);\nit's\n\\.`, 'COPY', /^copy … from stdin/],
    ['copy (select 1 from stdin) to stdout', 'copy', /^copy … to stdout/],
  ] as const
  for (const [source, at, message] of refused)
    it(`refuses ${JSON.stringify(source)}`, () => refuses(source, source.indexOf(at), message, /TypeScript/))

  it('lets copy from a file and things named stdin pass', async () => {
    for (const source of [
      `copy t (stdin) from '/tmp/stdin'`,
      'select * from stdin',
      `copy t to program 'cat'`,
    ])
      assert.deepEqual(await texts(source), [source])
  })
})

describe('parsePostgres: syntax errors', () => {
  const errors = [
    ['select 1;\nselect from from x', 'from x', 'syntax error at or near "from"'],
    [`select 'é', '😀日' from where`, 'where', 'syntax error at or near "where"'],
    [`-- 😀\nselect 1;\nselect 'open`, `'open`, `unterminated quoted string at or near "'open"`],
    ['select 1; /* open', '/*', 'unterminated /* comment at or near "/* open"'],
    [
      `select 1;\nselect '${'x'.repeat(100)}`,
      "'x",
      `unterminated quoted string at or near "'${'x'.repeat(39)}…"`,
    ],
    ["select 'a\nsecret", "'a", `unterminated quoted string at or near "'a…"`],
    ['do $x$ open $y$', '$x$', 'unterminated dollar-quoted string at or near "$x$ open $y$"'],
    ['\\restrict é😀\ncreate tabel t ()', 'tabel', 'syntax error at or near "tabel"'],
  ] as const
  for (const [source, at, message] of errors)
    it(`places ${message}`, () =>
      refuses(source, source.lastIndexOf(at), new RegExp(`^${message.replace(/[$*/()?.]/g, '\\$&')}$`)))

  it('places an error at the end of the text', () => refuses('select (1 +', 11, /at end of input/))
  it('refuses NUL, where the grammar would stop reading', () =>
    refuses('select 1;\0select 2', 9, /NUL/, /UTF-8/))
  it('survives nesting beyond its stack', async () => {
    await assert.rejects(parsePostgres(`select ${'('.repeat(200_000)}1`), SqlSyntaxError)
    assert.deepEqual(await texts('select 1'), ['select 1'])
  })
})

function refuses(source: string, offset: number, message: RegExp, hint?: RegExp): Promise<void> {
  return assert.rejects(parsePostgres(source), (error: unknown) => {
    assert.ok(error instanceof SqlSyntaxError)
    assert.match(error.message, message)
    assert.equal(error.offset, offset)
    if (hint !== undefined) assert.match(error.hint ?? '', hint)
    return true
  })
}
