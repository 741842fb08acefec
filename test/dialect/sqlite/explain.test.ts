import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatementError } from '../../../src/dialects/dialect.ts'
import { sqlite } from '../../../src/dialects/sqlite/index.ts'
import { createFolder, openReady, rawAttempt, sqlAttempt } from './fixture.ts'

function sqliteError(code: string, message = 'message'): Error {
  return Object.assign(new Error(message), { name: 'SqliteError', code })
}

test('codes and kinds', () => {
  const kinds = {
    SQLITE_BUSY: 'retryable',
    SQLITE_BUSY_RECOVERY: 'retryable',
    SQLITE_BUSY_SNAPSHOT: 'retryable',
    SQLITE_READONLY: 'not-writable',
    SQLITE_READONLY_DBMOVED: 'not-writable',
    SQLITE_CANTOPEN: 'not-writable',
    SQLITE_FULL: 'disk-full',
    SQLITE_CONSTRAINT_UNIQUE: 'statement',
    SQLITE_ERROR: 'statement',
    SQLITE_MISMATCH: 'statement',
    SQLITE_INTERRUPT: 'cancelled',
  }
  for (const [code, kind] of Object.entries(kinds))
    assert.deepEqual(sqlite.explain(sqliteError(code)), { kind, message: 'message', sqlstate: code })
  assert.deepEqual(sqlite.explain(new StatementError(1, sqliteError('SQLITE_BUSY'))).kind, 'retryable')
})

test('what is not from SQLite is other', () => {
  for (const thrown of [new Error('x'), Object.assign(new Error('x'), { code: 'SQLITE_BUSY' }), 'x'])
    assert.deepEqual(sqlite.explain(thrown), { kind: 'other', message: 'x' })
  assert.equal(sqlite.explain(undefined).kind, 'other')
})

/** `^` stands before the place; none: no place can be told. */
const places: readonly [marked: string, message: RegExp][] = [
  ['select a, ^nope from t', /no such column: nope/],
  ['select a from ^missing where a = 1', /no such table: missing/],
  ['select t.^Nope from t', /no such column: t.Nope/],
  ['select "a" from main.^"Miss""ing"', /no such table/],
  ['select [a] from ^[mis sing]', /no such table/],
  ['select nope, nope from t', /no such column: nope/],
  ['insert into t (a, ^b) values (1, 2)', /has no column named b/],
  ['create table ^T (a)', /already exists/],
  ['select a from t where ^nofunc(a) = 1', /no such function: nofunc/],
  ['select ^abs(1, 2)', /wrong number of arguments to function abs/],
  ['insert into t values (1)', /UNIQUE constraint failed/],
  ['drop index ^nope', /no such index: nope/],
  ['create index i on t (^b)', /no such column: b/],
  ['alter table t rename column ^b to c', /no such column: "b"/],
]

test('places of run-time errors', async (t) => {
  for (const [marked, message] of places) {
    await t.test(marked, async () => {
      using folder = createFolder()
      await using session = await openReady(folder.file)
      await session.applyInTransaction(
        await sqlAttempt('0001', 'create table t (a unique); insert into t values (1)'),
      )
      const text = marked.replace('^', '')
      const expected = marked.includes('^') ? marked.indexOf('^') : undefined
      const prefix = 'select 1;\n'
      const inSql = await session
        .applyInTransaction(await sqlAttempt('0002', prefix + text))
        .catch((thrown: unknown) => thrown)
      assert.ok(inSql instanceof StatementError)
      assert.match(sqlite.explain(inSql).message, message)
      assert.equal(sqlite.explain(inSql).position, expected)
      const inCode = await session
        .applyInTransaction(rawAttempt('0002', prefix + text))
        .catch((thrown: unknown) => thrown)
      assert.equal(
        sqlite.explain(inCode).position,
        expected === undefined ? undefined : expected + prefix.length,
      )
    })
  }
})
