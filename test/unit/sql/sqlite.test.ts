import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Database from 'better-sqlite3'
import { dropsTable, splitSqlite } from '../../../src/sql/sqlite.ts'
import { SqlSyntaxError } from '../../../src/sql/statement.ts'
import { randomScript, sqliteCorpus } from './corpus.ts'

const texts = (source: string): string[] => splitSqlite(source).map(({ text }) => text)

describe('splitSqlite', () => {
  it('finds nothing in blanks, comments and semicolons', () => {
    for (const text of ['', '  \n', ';;', '-- only\n', '/* only */ ; -- more'])
      assert.deepEqual(texts(text), [])
  })

  it('gives text, offset and nothing around them', () => {
    assert.deepEqual(splitSqlite('-- é\n select 1 /* x */ ;\n\nselect 2 -- end'), [
      { text: 'select 1', offset: 6, transaction: 'any', locks: [] },
      { text: 'select 2', offset: 26, transaction: 'any', locks: [] },
    ])
  })

  for (const statement of sqliteCorpus)
    it(`keeps one statement whole: ${statement.slice(0, 40).replaceAll('\n', ' ')}`, () => {
      const expected = statement.startsWith('/*') ? 'select 1' : statement
      assert.deepEqual(texts(`${statement};`), [expected])
      assert.deepEqual(texts(`select 0;${statement} ; select 0`), ['select 0', expected, 'select 0'])
    })

  it('covers random scripts: slices at their offsets, only trivia between, each piece one statement to SQLite', () => {
    const db = new Database(':memory:')
    db.exec('create table t (id integer primary key, a); create table log (x)')
    for (let seed = 0; seed < 300; seed += 1) {
      const { text, statements } = randomScript(sqliteCorpus, seed)
      const pieces = splitSqlite(text)
      assert.equal(pieces.length, statements.length, `seed ${seed}`)
      let at = 0
      for (const piece of pieces) {
        assert.equal(text.slice(piece.offset, piece.offset + piece.text.length), piece.text)
        assertTrivia(text.slice(at, piece.offset), seed)
        at = piece.offset + piece.text.length
        assertOneStatement(db, piece.text)
      }
      assertTrivia(text.slice(at), seed)
    }
    db.close()
  })

  it('builds the schema that SQLite builds from the whole text', () => {
    const script = `${sqliteCorpus.slice(0, 3).join(';\n')};\ncreate table log (x);\n${sqliteCorpus[8]};\n${sqliteCorpus[11]}`
    const [whole, split] = [new Database(':memory:'), new Database(':memory:')]
    whole.exec(script)
    for (const { text } of splitSqlite(script)) split.prepare(text).run()
    const schema =
      'select type, name, tbl_name, sql from sqlite_schema union all select type, name, tbl_name, sql from sqlite_temp_schema'
    assert.deepEqual(split.prepare(schema).all(), whole.prepare(schema).all())
    assert.equal(split.prepare(schema).all().length, 6)
    whole.close()
    split.close()
  })

  it('splits 2,000 statements', () => {
    assert.equal(splitSqlite("insert into t values ('a;b');\n".repeat(2000)).length, 2000)
  })

  const controls = [
    ['begin immediate', 'begin'],
    ['commit', 'commit'],
    ['end transaction', 'commit'],
    ['rollback', 'rollback'],
    ['savepoint s', 'other'],
    ['release s', 'other'],
    ['rollback to s', 'other'],
    [sqliteCorpus[1] ?? '', undefined],
  ] as const
  for (const [text, expected] of controls)
    it(`says ${expected} of ${text.slice(0, 20)}`, () =>
      assert.equal(splitSqlite(text)[0]?.transactionControl, expected))

  const pragmas = [
    ['vacuum', 'refused'],
    [`VACUUM into 'x.db'`, 'refused'],
    ['pragma journal_mode = wal', 'refused'],
    ['pragma main.journal_mode=wal', 'refused'],
    ['pragma "main"."Journal_Mode"(wal)', 'refused'],
    ['pragma synchronous = off', 'refused'],
    ['pragma wal_checkpoint', 'refused'],
    ['pragma journal_mode', 'any'],
    ['pragma foreign_keys = off', 'any'],
    ['pragma user_version = 3', 'any'],
    ['create table vacuum_log (x)', 'any'],
  ] as const
  for (const [text, expected] of pragmas)
    it(`marks ${text} ${expected}`, () => assert.equal(splitSqlite(text)[0]?.transaction, expected))

  it('marks refused what SQLite refuses in a transaction', () => {
    for (const [text, expected] of pragmas) {
      if (expected !== 'refused') continue
      const db = new Database(':memory:')
      db.exec('create table t (a); begin; insert into t values (1)')
      // In memory journal_mode is ignored instead: it stays what it was.
      if (/journal_mode/i.test(text)) assert.deepEqual(db.prepare(text).pluck().all(), ['memory'])
      else assert.throws(() => db.exec(text), Database.SqliteError, text)
      db.close()
    }
  })

  const broken = [
    ['a string', `select 1;\nselect 'open;`, `'open`],
    ['a quoted name', 'select "open', '"open'],
    ['a bracketed name', 'select 1, [open', '[open'],
    ['a comment', 'select 1; /* open', '/*'],
    ['a trigger', 'select 1;\ncreate trigger x after insert on t begin select 1;', 'create trigger'],
    [
      'a trigger whose end is a case',
      'create trigger x after insert on t begin select case 1 when 1 then 2 end;',
      'create',
    ],
    ['NUL', 'select 1;\0select 2', '\0'],
  ] as const
  for (const [what, text, at] of broken)
    it(`refuses ${what} without an end, by its place`, () => {
      assert.throws(
        () => splitSqlite(text),
        (error: unknown) => error instanceof SqlSyntaxError && error.offset === text.indexOf(at),
      )
    })
})

describe('dropsTable', () => {
  const cases = [
    ['drop table users', 'users'],
    ['DROP TABLE IF EXISTS Users', 'Users'],
    ['drop /* c */ table -- d\n main . "a""b"', 'a"b'],
    ['drop table [x y]', 'x y'],
    ['drop table `x`', 'x'],
    [`drop table 'x''y'`, `x'y`],
    ['drop table "if"', 'if'],
    ['drop table temp.users', undefined],
    ['drop view users', undefined],
    ['drop table', undefined],
    ['alter table users drop column x', undefined],
    ['select 1', undefined],
  ] as const
  for (const [text, expected] of cases)
    it(`says ${expected} of ${text}`, () => assert.equal(dropsTable({ text }), expected))

  it('names what SQLite drops', () => {
    for (const [text, name] of cases) {
      if (name === undefined) continue
      const db = new Database(':memory:')
      db.exec(`create table "${name.replaceAll('"', '""')}" (a)`)
      db.exec(text)
      assert.deepEqual(db.prepare('select name from sqlite_schema').all(), [])
      db.close()
    }
  })
})

function assertTrivia(gap: string, seed: number): void {
  const rest = gap
    .replace(/--[^\n]*/g, '')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/[\s;]/g, '')
  assert.equal(rest, '', `seed ${seed}`)
}

/** `prepare` refuses text that holds more than one statement. */
function assertOneStatement(db: Database.Database, text: string): void {
  try {
    db.prepare(text)
  } catch (error) {
    assert.match(String(error), /no such (?:column|table)|already exists/)
  }
}
