import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { createConnection } from 'node:net'
import { after, before, test } from 'node:test'
import type { Sql } from 'postgres'
import { createTestDatabase, newestMajor, type TestDatabase } from './postgres.ts'
import { type PostgresProxy, startProxy } from './proxy.ts'
import { until } from './until.ts'

const postgres = createRequire(import.meta.url)('postgres') as typeof import('postgres')

let db: TestDatabase
before(async () => {
  db = await createTestDatabase(newestMajor)
  await db.query('create table t (n int)')
})
after(() => db[Symbol.asyncDispose]())

async function withClient(work: (sql: Sql, proxy: PostgresProxy) => Promise<void>): Promise<void> {
  await using proxy = await startProxy(db.server)
  const sql = postgres(proxy.through(db.url()), { max: 1, prepare: false, fetch_types: false, ssl: false })
  try {
    await sql.unsafe('select 1')
    proxy.clearCounts()
    await work(sql, proxy)
  } finally {
    await sql.end({ timeout: 0 }).catch(() => {})
  }
}

const rows = async () => (await db.query<{ n: number }>('select n from t order by n')).map((row) => row.n)

test('counting starts after authentication', async () => {
  await using proxy = await startProxy(db.server)
  const sql = postgres(proxy.through(db.url()), { max: 1, fetch_types: false })
  await sql.unsafe('select 1')
  assert.deepEqual(proxy.counts().messages, { Q: 1 })
  assert.equal(proxy.counts().roundTrips, 1)
  await sql.end()
  assert.deepEqual(proxy.counts().messages, { Q: 1, X: 1 })
  assert.equal(proxy.counts().roundTrips, 1)
})

test('simple queries, one after another, are one round trip each', () =>
  withClient(async (sql, proxy) => {
    for (const text of ['select 1', 'select 2', 'select 3']) await sql.unsafe(text)
    const { messages, roundTrips, queries } = proxy.counts()
    assert.deepEqual(
      { messages, roundTrips, queries },
      {
        messages: { Q: 3 },
        roundTrips: 3,
        queries: ['select 1', 'select 2', 'select 3'],
      },
    )
  }))

test('queries sent without waiting are one round trip, however the packets fall', () =>
  withClient(async (sql, proxy) => {
    await Promise.all([sql.unsafe('select pg_sleep(0.05)'), sql.unsafe('select 2'), sql.unsafe('select 3')])
    assert.deepEqual(proxy.counts().messages, { Q: 3 })
    assert.equal(proxy.counts().roundTrips, 1)
  }))

test('a query with parameters that waits for its description is two round trips', () =>
  withClient(async (sql, proxy) => {
    await sql`select ${'x'}::text`
    const { messages, roundTrips, queries } = proxy.counts()
    assert.deepEqual(messages, { P: 1, D: 1, H: 1, B: 1, E: 1, S: 1 })
    assert.equal(roundTrips, 2)
    assert.deepEqual(queries, ['select $1::text'])
  }))

test('a message that arrives in many pieces is counted once and arrives whole', () =>
  withClient(async (sql, proxy) => {
    const long = 'x'.repeat(3_000_000)
    const [row] = await sql.unsafe(`select '${long}' as long`)
    assert.equal(row?.long, long)
    assert.deepEqual(proxy.counts().messages, { Q: 1 })
  }))

test('a cancel request is passed on and counted apart', () =>
  withClient(async (sql, proxy) => {
    const query = sql.unsafe('select pg_sleep(60)')
    const rejected = assert.rejects(query.execute(), { code: '57014' })
    await until('the query runs', async () => {
      const [row] = await db.query(`select 1 from pg_stat_activity where query = 'select pg_sleep(60)'`)
      return row !== undefined
    })
    query.cancel()
    await rejected
    await until('the connection of the cancel request has ended', () => proxy.open() === 1)
    assert.equal(proxy.counts().cancels, 1)
  }))

test('a delay slows every direction and keeps the order', () =>
  withClient(async (sql, proxy) => {
    proxy.delay(60)
    const began = performance.now()
    const both = Promise.all([sql.unsafe('select 1 as n'), sql.unsafe('select 2 as n')])
    setTimeout(() => proxy.delay(0), 30)
    assert.deepEqual(
      (await both).flat().map((row) => row.n),
      [1, 2],
    )
    assert.ok(performance.now() - began >= 55, 'a timer never fires early, so this bound cannot flake')
  }))

test('reset ends the session on both sides', () =>
  withClient(async (sql, proxy) => {
    const [row] = await sql.unsafe('select pg_backend_pid() as pid')
    const query = sql.unsafe('select pg_sleep(0.5)')
    const rejected = assert.rejects(query.execute())
    proxy.reset()
    await rejected
    await until('the backend is gone', async () => {
      const alive = await db.query('select 1 from pg_stat_activity where pid = $1', [row?.pid])
      return alive.length === 0
    })
    await sql.unsafe('select 1')
  }))

test('in the black hole nothing is answered, nothing arrives and nothing closes', () =>
  withClient(async (sql, proxy) => {
    proxy.blackhole()
    const events: string[] = []
    const lost = sql.unsafe('insert into t values (900)').then(
      () => events.push('answered'),
      () => events.push('closed'),
    )
    const fresh = createConnection(proxy.port, '127.0.0.1')
    for (const name of ['end', 'close', 'error', 'data']) fresh.on(name, () => events.push(name))
    await new Promise<void>((resolve) => fresh.once('connect', () => resolve()))
    fresh.write('hello?')
    await db.query('select pg_sleep(0.3)')
    assert.deepEqual(events, [])
    assert.deepEqual(await rows(), [])
    fresh.destroy()
    await sql.end({ timeout: 0 })
    await lost
  }))

test('close on accept ends new connections and leaves old ones alone', () =>
  withClient(async (sql, proxy) => {
    proxy.closeOnAccept()
    const fresh = createConnection(proxy.port, '127.0.0.1')
    const bytes: Buffer[] = []
    fresh.on('data', (chunk) => bytes.push(chunk as Buffer))
    await new Promise<void>((resolve) => fresh.once('end', () => resolve()))
    assert.deepEqual(bytes, [])
    await sql.unsafe('select 1')
    proxy.forward()
    const again = postgres(proxy.through(db.url()), { max: 1 })
    await again.unsafe('select 1')
    await again.end()
  }))

test('cutAfterCommit: the server commits, the client never hears of it', () =>
  withClient(async (sql, proxy) => {
    const cut = proxy.cutAfterCommit({ having: /values \(2\)/ })
    await sql.unsafe('begin; insert into t values (1); commit')
    await assert.rejects(
      sql.begin(async (tx) => {
        await tx`insert into t values (2)`
      }),
    )
    await cut
    assert.deepEqual(await rows(), [1, 2])
    await sql.unsafe('begin; truncate t; commit')
  }))

test('cutAfterCommit finds the COMMIT at the end of a text and behind queries not answered yet', () =>
  withClient(async (sql, proxy) => {
    const cut = proxy.cutAfterCommit()
    const sent = [sql.unsafe('begin; select pg_sleep(0.05)'), sql.unsafe('insert into t values (3); commit')]
    const [first, second] = await Promise.allSettled(sent)
    await cut
    assert.deepEqual([first?.status, second?.status], ['fulfilled', 'rejected'])
    assert.deepEqual(await rows(), [3])
    await sql.unsafe('truncate t')
  }))

test('cutAfterCommit with nth lets the ones before pass', () =>
  withClient(async (sql, proxy) => {
    const cut = proxy.cutAfterCommit({ nth: 2 })
    await sql.unsafe('begin; insert into t values (1); commit')
    await assert.rejects(sql.unsafe('begin; insert into t values (2); commit'))
    await cut
    assert.deepEqual(await rows(), [1, 2])
    await db.query('truncate t')
  }))

test('cutBefore: the query never reaches the server and its transaction is rolled back', () =>
  withClient(async (sql, proxy) => {
    const cut = proxy.cutBefore(/values \(5\)/)
    await assert.rejects(
      sql.begin(async (tx) => {
        await tx`insert into t values (4)`
        await tx`insert into t values (5)`
      }),
    )
    await cut
    assert.deepEqual(await rows(), [])
    await sql.unsafe('insert into t values (5); truncate t')
  }))
