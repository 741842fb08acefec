/** `sql` on PostgreSQL: how values travel in both directions, how a statement is put together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sql } from '../../../src/engine/context/sql.ts'
import { newestMajor } from '../../helpers/postgres.ts'
import { withContext } from './open-context.ts'
import { testEach } from './scene.ts'

type Ask = (sql: Sql) => PromiseLike<Record<string, unknown>[]>

const date = new Date(Date.UTC(2026, 0, 31, 12, 30, 15, 7))
const hostile = `it's "so"; drop table t; -- \\ $1 \${x} 🚢 \u00e9\n\t?`
const nested = { a: [1, null, { b: hostile }], c: true, value: 1 }

/** What goes in, and what comes back as column `v`. */
const values: readonly [what: string, ask: Ask, back: unknown][] = [
  ['null', (sql) => sql`select ${null}::int as v`, null],
  ['true', (sql) => sql`select ${true} as v`, true],
  ['false', (sql) => sql`select ${false}::bool as v`, false],
  ['an integer', (sql) => sql`select ${42}::int as v`, 42],
  ['a negative one', (sql) => sql`select ${-42}::int8 as v`, -42],
  ['an integer added to a column', (sql) => sql`select n + ${1} as v from numbers`, 8],
  ['a fraction', (sql) => sql`select ${1.5}::float8 as v`, 1.5],
  ['a number for numeric', (sql) => sql`select ${0.1}::numeric as v`, '0.1'],
  ['infinity', (sql) => sql`select ${Number.POSITIVE_INFINITY}::float8 as v`, Number.POSITIVE_INFINITY],
  ['not a number', (sql) => sql`select ${Number.NaN}::float8 as v`, Number.NaN],
  ['a small bigint', (sql) => sql`select ${5n} as v`, 5],
  ['a bigint for an int4 column', (sql) => sql`select n from numbers where n = ${7n}`, undefined],
  ['a large bigint', (sql) => sql`select ${9_223_372_036_854_775_807n} as v`, 9_223_372_036_854_775_807n],
  ['a bigint for numeric', (sql) => sql`select ${10n ** 30n}::text::numeric as v`, `1${'0'.repeat(30)}`],
  ['the largest exact int8', (sql) => sql`select ${Number.MAX_SAFE_INTEGER}::int8 as v`, 2 ** 53 - 1],
  ['int8 past it', (sql) => sql`select 9007199254740993 as v`, 9007199254740993n],
  ['int8 below zero past it', (sql) => sql`select -9007199254740993 as v`, -9007199254740993n],
  ['text', (sql) => sql`select ${'plain'} as v`, 'plain'],
  ['hostile text', (sql) => sql`select ${hostile} as v`, hostile],
  ['empty text', (sql) => sql`select ${''}::text as v`, ''],
  ['text that looks like null', (sql) => sql`select ${'NULL'}::text as v`, 'NULL'],
  ['long text', (sql) => sql`select length(${'x'.repeat(300_000)}) as v`, 300_000],
  ['a date', (sql) => sql`select ${date} as v`, date],
  ['a date for timestamptz', (sql) => sql`select ${date}::timestamptz as v`, date],
  ['a date for text', (sql) => sql`select extract(year from ${date}::timestamptz)::int as v`, 2026],
  ['bytes', (sql) => sql`select ${new Uint8Array([0, 1, 255])} as v`, Buffer.from([0, 1, 255])],
  [
    'a part of bytes',
    (sql) => sql`select ${new Uint8Array([9, 1, 2, 9]).subarray(1, 3)} as v`,
    Buffer.from([1, 2]),
  ],
  ['no bytes', (sql) => sql`select length(${new Uint8Array()}::bytea) as v`, 0],
  ['an object', (sql) => sql`select ${nested}::jsonb as v`, nested],
  ['an object for json', (sql) => sql`select ${nested}::json as v`, nested],
  ['an object, looked into', (sql) => sql`select ${nested}::jsonb -> 'a' -> 2 ->> 'b' as v`, hostile],
  [
    'an array for jsonb',
    (sql) => sql`select ${[1, 'two', null, { x: [] }]}::jsonb as v`,
    [1, 'two', null, { x: [] }],
  ],
  [
    'an object without prototype',
    (sql) => sql`select ${Object.assign(Object.create(null), { a: 1 })}::jsonb as v`,
    { a: 1 },
  ],
  ['an array buffer', (sql) => sql`select ${new Uint8Array([7]).buffer} as v`, Buffer.from([7])],
  ['an empty array for jsonb', (sql) => sql`select ${[]}::jsonb as v`, []],
  ['a text for jsonb is JSON', (sql) => sql`select ${'{"a":1}'}::jsonb as v`, { a: 1 }],
  ['a number for jsonb', (sql) => sql`select ${5}::jsonb as v`, 5],
  ['a boolean for jsonb', (sql) => sql`select ${true}::text::jsonb as v`, true],
  ['null for jsonb is SQL null', (sql) => sql`select (${null}::jsonb is null) as v`, true],
  ['integers', (sql) => sql`select ${[1, 2, 3]}::int[] as v`, [1, 2, 3]],
  ['integers for any()', (sql) => sql`select n as v from numbers where n = any(${[6, 7]})`, 7],
  ['large integers', (sql) => sql`select ${[1n, 2n ** 60n]}::int8[] as v`, [1, 2n ** 60n]],
  [
    'texts',
    (sql) => sql`select ${['a', hostile, '', 'NULL', '{}', ',']}::text[] as v`,
    ['a', hostile, '', 'NULL', '{}', ','],
  ],
  ['texts with null', (sql) => sql`select ${['a', null]}::text[] as v`, ['a', null]],
  ['no texts', (sql) => sql`select ${[]}::text[] as v`, []],
  [
    'nested arrays',
    (sql) => sql`select ${[[1, 2], [3, 4]]}::int[] as v`,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['dates', (sql) => sql`select ${[date]}::timestamptz[] as v`, [date]],
  ['booleans', (sql) => sql`select ${[true, false, null]}::bool[] as v`, [true, false, null]],
  ['fractions', (sql) => sql`select ${[0.5, -1]}::float8[] as v`, [0.5, -1]],
  [
    'byte strings',
    (sql) => sql`select encode((${[new Uint8Array([1, 255])]}::bytea[])[1], 'hex') as v`,
    '01ff',
  ],
  ['objects in an array', (sql) => sql`select (${[{ a: hostile }]}::jsonb[])[1] ->> 'a' as v`, hostile],
  [
    'uuid',
    (sql) => sql`select ${'00000000-0000-0000-0000-000000000001'}::uuid as v`,
    '00000000-0000-0000-0000-000000000001',
  ],
  ['an enum value', (sql) => sql`select ${'happy'}::mood as v`, 'happy'],
  ['time of day', (sql) => sql`select '12:30'::time as v`, '12:30:00'],
]

testEach('values in and out', async (major) => {
  const setUp = [
    "create table numbers (n int); insert into numbers values (7); create type mood as enum ('happy')",
  ]
  await withContext({ major, setUp }, async ({ sql }) => {
    for (const [what, ask, back] of values) {
      const rows = await ask(sql)
      assert.equal(rows.length, 1, what)
      if (back !== undefined) assert.deepEqual(rows, [{ v: back }], what)
    }
  })
})

testEach('without bound values the types are the same', async (major) => {
  await withContext({ major }, async ({ sql }) => {
    const rows =
      await sql`select 1 as i, 2::int8 as l, 9007199254740993 as big, 1.50 as n, true as b, null as z,
      array[1,2] as a, array['x,y', null] as t, '{"k":[1]}'::jsonb as j, '\\x01'::bytea as raw,
      timestamptz '2026-01-31 12:30:15.007+00' as at, date '2026-01-31' as day`
    assert.deepEqual(rows, [
      {
        i: 1,
        l: 2,
        big: 9007199254740993n,
        n: '1.50',
        b: true,
        z: null,
        a: [1, 2],
        t: ['x,y', null],
        j: { k: [1] },
        raw: Buffer.from([1]),
        at: date,
        day: new Date(Date.UTC(2026, 0, 31)),
      },
    ])
  })
})

const names = [
  'plain',
  'Upper',
  'with space',
  'we;ird "name"',
  "it's",
  'a.b',
  'select',
  'ü'.repeat(31),
  '--',
  '$1',
]

testEach('sql.id quotes whatever the name is', async (major) => {
  await withContext({ major }, async ({ sql }) => {
    await sql`create schema ${sql.id('sch"ema.x')}`
    for (const name of names) {
      await sql`create table ${sql.id('sch"ema.x', name)} (${sql.id(name)} int)`
      await sql`insert into ${sql.id('sch"ema.x', name)} (${sql.id(name)}) values (${1})`
      assert.deepEqual(await sql`select ${sql.id(name)} from ${sql.id('sch"ema.x', name)}`, [{ [name]: 1 }])
    }
    const found =
      await sql`select count(*) as n from pg_class where relnamespace = ${'"sch""ema.x"'}::regnamespace`
    assert.deepEqual(found, [{ n: names.length }])
    for (const bad of ['', 'x'.repeat(64), 'nul\0'])
      assert.throws(() => sql.id(bad).write({ text() {}, value() {} }))
  })
})

test('fragments nest, with their values in the right places', async () => {
  await withContext({ major: newestMajor }, async ({ sql }) => {
    const condition = (low: number, high: number) => sql`n between ${low} and ${high}`
    const order = sql.raw('order by n desc')
    const where = sql`where ${condition(2, 4)} and n <> ${3}`
    const rows =
      await sql`select n from generate_series(${1}::int, ${9}::int) as n ${where} ${order} limit ${5}`
    assert.deepEqual(rows, [{ n: 4 }, { n: 2 }])
    const twice = sql`${1}::int`
    assert.deepEqual(await sql`select ${twice} + ${twice} as v`, [{ v: 2 }])
  })
})

test('sql.raw runs several statements and gives the rows of the last that has any', async () => {
  await withContext({ major: newestMajor }, async ({ sql }) => {
    assert.deepEqual(
      await sql.raw('create table t (n int); insert into t values (1), (2); select n from t'),
      [{ n: 1 }, { n: 2 }],
    )
    assert.deepEqual(await sql.raw('select 1 as v; insert into t values (3)'), [{ v: 1 }])
    assert.deepEqual(await sql.raw(''), [])
    assert.deepEqual(await sql.raw('-- nothing'), [])
    assert.deepEqual(await sql`insert into t values (${4}) returning n`, [{ n: 4 }])
    assert.deepEqual(await sql`update t set n = n where false`, [])
  })
})

test('queries at the same time keep their answers apart', async () => {
  await withContext({ major: newestMajor }, async ({ sql }) => {
    const numbers = Array.from({ length: 40 }, (_, n) => n)
    const rows = await Promise.all(
      numbers.map((n) => (n % 2 === 0 ? sql`select ${n}::int as v` : sql.raw(`select ${n} as v`))),
    )
    assert.deepEqual(
      rows,
      numbers.map((n) => [{ v: n }]),
    )
  })
})

const refused: readonly [value: unknown, message: RegExp][] = [
  [() => 1, /^value 2 is a function/],
  [Symbol('x'), /^value 2 is a symbol/],
  [Promise.resolve(1), /^value 2 is a Promise/],
  [new Map(), /^value 2 is a Map/],
  [new Date(Number.NaN), /^value 2 is an invalid Date/],
]

test('what cannot be bound is refused before it is sent', async () => {
  await withContext({ major: newestMajor }, async ({ sql }) => {
    await assert.rejects(async () => await sql`select ${undefined}`, /undefined cannot be bound/)
    for (const [value, message] of refused) {
      await assert.rejects(async () => await sql`select ${1}::int, ${value}::text`, { message })
    }
    assert.throws(() => sql('select 1' as never), /template tag/)
    assert.deepEqual(await sql`select 1 as v`, [{ v: 1 }])
  })
})

test('a query runs once, however often it is awaited, and has catch and finally', async () => {
  await withContext({ major: newestMajor }, async ({ sql }) => {
    await sql`create sequence s`
    const query = sql`select nextval('s') as v`
    assert.deepEqual([await query, await query], [[{ v: 1 }], [{ v: 1 }]])
    let cleaned = false
    await sql`select 1`.finally(() => {
      cleaned = true
    })
    assert.ok(cleaned)
    await sql`savepoint s`
    assert.equal(await sql`select 1 / 0`.catch((error) => String(error)), 'PostgresError: division by zero')
    await sql`rollback to savepoint s`
  })
})
