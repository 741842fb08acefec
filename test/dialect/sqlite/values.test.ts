import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../../../src/dialects/dialect.ts'
import { codeAttempt, openReady } from './fixture.ts'

async function ask(text: string, values: readonly unknown[]): Promise<Row[]> {
  await using session = await openReady(':memory:')
  let rows: Row[] = []
  await session.applyInTransaction(
    codeAttempt('0001', async (executor) => {
      rows = await executor.query(text, values)
    }),
  )
  return rows
}

const date = new Date(Date.UTC(2026, 0, 31, 12, 30, 15, 7))

/** A bound value, SQLite's type for it, and what comes back. */
const table: readonly [what: string, value: unknown, type: string, back: unknown][] = [
  ['a whole number', 1, 'integer', 1],
  ['a negative one', -7, 'integer', -7],
  ['zero', 0, 'integer', 0],
  ['a fraction', 1.5, 'real', 1.5],
  ['the largest safe integer', Number.MAX_SAFE_INTEGER, 'integer', Number.MAX_SAFE_INTEGER],
  ['a number beyond it', 2 ** 60, 'real', 2 ** 60],
  ['infinity', Number.POSITIVE_INFINITY, 'real', Number.POSITIVE_INFINITY],
  ['a small bigint', 5n, 'integer', 5],
  ['a large bigint', 9_223_372_036_854_775_807n, 'integer', 9_223_372_036_854_775_807n],
  ['true', true, 'integer', 1],
  ['false', false, 'integer', 0],
  ['null', null, 'null', null],
  ['text', 'it\'s "so" 🚢', 'text', 'it\'s "so" 🚢'],
  ['empty text', '', 'text', ''],
  ['a date', date, 'text', '2026-01-31T12:30:15.007Z'],
  ['an object', { a: [1, null], b: 'x' }, 'text', '{"a":[1,null],"b":"x"}'],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), 'text', '{"a":1}'],
  ['an array', [1, 'two', false], 'text', '[1,"two",false]'],
  ['bytes', new Uint8Array([1, 2, 255]), 'blob', Buffer.from([1, 2, 255])],
  ['a part of bytes', new Uint8Array([0, 1, 2, 3]).subarray(1, 3), 'blob', Buffer.from([1, 2])],
  ['a buffer', Buffer.from('abc'), 'blob', Buffer.from('abc')],
  ['an array buffer', new Uint8Array([4, 5]).buffer, 'blob', Buffer.from([4, 5])],
]

test('values in and out', async (t) => {
  for (const [what, value, type, back] of table) {
    await t.test(what, async () => {
      assert.deepEqual(await ask('select typeof(?) as type, ? as back', [value, value]), [{ type, back }])
    })
  }
})

const refused: readonly [what: string, value: unknown, message: RegExp][] = [
  ['undefined', undefined, /^value 2 is undefined; a missing value is written null$/],
  ['NaN', Number.NaN, /^value 2 is NaN/],
  ['an invalid date', new Date(Number.NaN), /^value 2 is an invalid Date/],
  ['a function', () => 1, /^value 2 is a function/],
  ['a symbol', Symbol('x'), /^value 2 is a symbol/],
  ['a Map', new Map(), /^value 2 is a Map/],
  ['a bigint beyond 64 bits', 2n ** 64n, /too big/],
]

test('values that SQLite cannot keep', async (t) => {
  for (const [what, value, message] of refused) {
    await t.test(what, async () => {
      await assert.rejects(ask('select ?, ?', [1, value]), { message })
    })
  }
})

test('a whole number in a text column stays whole', async () => {
  assert.deepEqual(await ask("select cast(? as text) as n, ? || '' as m", [12, 12]), [{ n: '12', m: '12' }])
})

test('integers come back as numbers where that is exact', async () => {
  assert.deepEqual(
    await ask(
      'select 1 as a, 9007199254740991 as b, 9007199254740992 as c, -9007199254740993 as d where ? = 1',
      [1],
    ),
    [{ a: 1, b: 9007199254740991, c: 9007199254740992n, d: -9007199254740993n }],
  )
})

test('a column may be called anything', async () => {
  const [row] = await ask('select 1 as "toString", 2 as "constructor" where ? = 1', [1])
  assert.deepEqual(Object.entries(row ?? {}), [
    ['toString', 1],
    ['constructor', 2],
  ])
})

test('the number of values must be right, and values go with one statement', async () => {
  await assert.rejects(ask('select ?, ?', [1]), /Too few parameter values/)
  await assert.rejects(ask('select ?', [1, 2]), /Too many parameter values/)
  await assert.rejects(ask('select ?; select 2', [1]), /more than one statement/)
})

test('rows come from whatever returns them', async () => {
  await using session = await openReady(':memory:')
  await session.applyInTransaction(
    codeAttempt('0001', async ({ query }) => {
      await query('create table t (id integer primary key, a text)', [])
      assert.deepEqual(await query('insert into t (a) values (?) returning id, a', ['x']), [
        { id: 1, a: 'x' },
      ])
      assert.deepEqual(await query('update t set a = ? where id = 1', ['y']), [])
      assert.deepEqual(await query('pragma user_version', []), [{ user_version: 0 }])
      assert.deepEqual(await query('select * from t', []), [{ id: 1, a: 'y' }])
    }),
  )
})
