import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sqlite } from '../../../src/dialects/sqlite/index.ts'
import { SqlSyntaxError } from '../../../src/sql/statement.ts'

/** `^` stands before the offending token. */
const wrong: readonly [marked: string, message: RegExp][] = [
  ['^selec 1', /^near "selec": syntax error$/],
  ['create table t (a); ^creat table u (b); select 1', /^near "creat"/],
  ['select a from^', /^incomplete input$/],
  ['select 1 frm ^x y', /^near "x"/],
  ['insert into t values (1, 2, ^, 3)', /^near ","/],
  ['insert into t values (1, 2^', /^incomplete input$/],
  ['create table t (\n  a integer,\n  b text, ^, c)', /^near ","/],
  ['select "a", ^from t', /^near "from"/],
  ['create table t (a integer primary key)^)', /^near "\)"/],
  ["select 'it''s', 'z', 'x' 'y' ^'z'", /^near "'z'"/],
  ['select ^12abc', /^unrecognized token: "12abc"$/],
  ['select 1 + ^#, 2', /^unrecognized token: "#"$/],
  ['/* über 🚢 */ select 1; select ^where where', /^near "where"/],
  ['create trigger r after insert on t begin\n  select 1;\n  ^selec 2;\nend', /^near "selec"/],
  ['create temp trigger r instead of insert on "a b" begin ^selec 2; end', /^near "selec"/],
  ['select 1 || ^|| 2', /^near "\|\|"/],
  ["select ^'abc", /does not end/],
  ['select 1 ^/* x', /does not end/],
  ['alter table t^', /^incomplete input$/],
]

test('syntax errors have their place', async (t) => {
  for (const [marked, message] of wrong) {
    await t.test(marked, async () => {
      const text = marked.replace('^', '')
      const error = await sqlite.parse(text).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof SqlSyntaxError, String(error))
      assert.match(error.message, message)
      assert.equal(error.offset, marked.indexOf('^'))
    })
  }
})

test('a long statement is searched in few steps', async () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => `(${n}, 'x')`)
  rows[15_000] = '(1, , 2)'
  const text = `insert into t values ${rows.join(', ')}`
  const error = await sqlite.parse(text).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof SqlSyntaxError)
  assert.equal(error.offset, text.indexOf(', , ') + 2)
})

const right: readonly string[] = [
  'select * from not_there_yet',
  'insert into t (a) values (1) on conflict do nothing returning a',
  'create table t (a); create table t (a)',
  'alter table t add column b text default (1 + 2)',
  'create index i on missing (a) where a > 1',
  'create trigger r after insert on missing begin select case when 1 then 2 end; end',
  "pragma no_such_pragma = 1; vacuum; begin; commit; attach 'x' as y; detach y; select ?1, :a, @b, $c",
  'create virtual table f using no_such_module (a)',
  'select x\'00ff\', `a`, [b], "c" from t;;; -- end',
  '',
]

test('what only lacks its names is no syntax error', async (t) => {
  for (const text of right) {
    await t.test(text, async () => {
      await sqlite.parse(text)
    })
  }
})

test('statements keep their places and what they do to a transaction', async () => {
  const statements = await sqlite.parse('-- x\nbegin;\n vacuum ;select 1')
  assert.deepEqual(
    statements.map(({ text, offset, transaction, transactionControl }) => ({
      text,
      offset,
      transaction,
      transactionControl,
    })),
    [
      { text: 'begin', offset: 5, transaction: 'any', transactionControl: 'begin' },
      { text: 'vacuum', offset: 13, transaction: 'refused', transactionControl: undefined },
      { text: 'select 1', offset: 21, transaction: 'any', transactionControl: undefined },
    ],
  )
})

test('parsing has no effect on this process', async () => {
  await sqlite.parse('pragma hard_heap_limit = 100000')
  await sqlite.parse('create table t (a); insert into t values (randomblob(1000000))')
})
