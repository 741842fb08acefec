/** What slipway makes of a pooler that it finds in its path, in every way that one can be set up. */
import assert from 'node:assert/strict'
import { createServer, connect as openSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDatabaseUrl } from '../../src/config/parse-url.ts'
import { factsQuery, readFacts } from '../../src/dialects/postgres/facts.ts'
import { reachServer } from '../../src/dialects/postgres/hosts.ts'
import { findPooling } from '../../src/dialects/postgres/pooling.ts'
import { type Pgbouncer, type PgbouncerOptions, startPgbouncer } from '../helpers/pgbouncer.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { connection } from '../helpers/postgres-server.ts'
import { testPooled } from './pooled-scene.ts'

/** `session, proven`, or the message of what was thrown. */
async function findFor(text: string, pooler: 'auto' | 'session' | 'transaction' = 'auto'): Promise<string> {
  const { url } = parseDatabaseUrl(text, { name: 'the URL', cwd: '/', osUser: () => undefined })
  if (url.dialect !== 'postgres') throw new Error('not PostgreSQL')
  const options = { applicationName: 'slipway', timeoutMs: 10_000, greeting: factsQuery('t', undefined) }
  const { link, greeting, endpoint } = await reachServer(url, options, [() => undefined])
  try {
    const found = await findPooling({
      link,
      url,
      endpoint,
      facts: readFacts(greeting),
      options: {
        intent: 'write',
        applicationName: 'slipway',
        attemptTimeoutMs: 10_000,
        keepaliveMs: 0,
        history: { table: 't', schema: undefined },
        pooler,
        signal: new AbortController().signal,
      },
    })
    return `${found.scope}, ${found.isProven ? 'proven' : 'assumed'}`
  } catch (error) {
    return String(error)
  } finally {
    await link.close()
  }
}

async function withPooler(
  options: PgbouncerOptions,
  work: (pooler: Pgbouncer, db: TestDatabase) => Promise<void>,
): Promise<void> {
  await using db = await createTestDatabase(newestMajor)
  await using pooler = await startPgbouncer(db.server, options)
  await work(pooler, db)
}

function openApps(count: number, pooler: Pgbouncer, db: TestDatabase) {
  return Promise.all(
    Array.from({ length: count }, () => connection({ ...db.server, port: pooler.port }, db.name)),
  )
}

testPooled('a direct connection is one', async () => {
  await using db = await createTestDatabase(newestMajor)
  assert.equal(await findFor(db.url()), 'direct, proven')
  assert.equal(await findFor(db.url(), 'session'), 'direct, proven')
})

const setups: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'as it comes': {},
  'that takes turns among its connections': { server_round_robin: 1 },
  'with one server connection': { default_pool_size: 1 },
  'with two server connections': { default_pool_size: 2 },
  'that opens connections ahead': { min_pool_size: 10 },
}

for (const mode of ['session', 'transaction'] as const)
  for (const [what, settings] of Object.entries(setups))
    testPooled(`PgBouncer in ${mode} mode ${what}`, () =>
      withPooler({ mode, settings }, async (pooler, db) => {
        const url = pooler.through(db.url())
        // The second time, the server connections of the first are there, idle.
        for (let n = 0; n < 2; n++) assert.equal(await findFor(url), `${mode}, proven`)
      }),
    )

for (const settings of [{}, { server_round_robin: 1 }, { default_pool_size: 4 }])
  testPooled(
    `a busy pool in transaction mode never looks like one of sessions, ${JSON.stringify(settings)}`,
    () =>
      withPooler({ mode: 'transaction', settings }, async (pooler, db) => {
        const apps = await openApps(8, pooler, db)
        let isOver = false
        const busy = apps.map(async (app, n) => {
          while (!isOver) {
            await app.unsafe(`begin; select pg_sleep(${(n % 3) * 0.002}); commit`).simple()
            await sleep(n % 4)
          }
        })
        const found = new Set<string>()
        for (let n = 0; n < 20; n++) found.add(await findFor(pooler.through(db.url())))
        isOver = true
        await Promise.all(busy)
        await Promise.all(apps.map((app) => app.end()))
        assert.deepEqual([...found], ['transaction, proven'])
      }),
  )

testPooled('idle connections of others in a session pool do not matter', () =>
  withPooler({ mode: 'session' }, async (pooler, db) => {
    const [stays, ...leave] = await openApps(5, pooler, db)
    await Promise.all(leave.map((app) => app.end()))
    assert.equal(await findFor(pooler.through(db.url())), 'session, proven')
    await stays?.end()
  }),
)

/** Connections go to one port after the other. */
async function balance(ports: readonly number[]): Promise<AsyncDisposable & { readonly port: number }> {
  let next = 0
  const server = createServer((client) => {
    const target = openSocket(ports[next++ % ports.length] ?? 0, '127.0.0.1')
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

testPooled('several poolers behind one address do not look like sessions', () =>
  withPooler({ mode: 'transaction' }, async (first, db) => {
    await using second = await startPgbouncer(db.server, { mode: 'transaction' })
    await using third = await startPgbouncer(db.server, { mode: 'transaction' })
    await using balancer = await balance([first.port, second.port, third.port])
    const url = first.through(db.url()).replace(`:${first.port}`, `:${balancer.port}`)
    assert.equal(await findFor(url), 'transaction, proven')
  }),
)

testPooled('where activity cannot be seen nothing is proven', () =>
  withPooler({ mode: 'session' }, async (pooler, db) => {
    await db.query(`alter database "${db.name}" set track_activities = off`)
    assert.equal(await findFor(pooler.through(db.url())), 'transaction, assumed')
  }),
)

testPooled('what is stated is believed, until the opposite is seen', () =>
  withPooler({ mode: 'transaction' }, async (pooler, db) => {
    const url = pooler.through(db.url())
    assert.equal(await findFor(url, 'transaction'), 'transaction, proven')
    assert.match(await findFor(url, 'session'), /SLIPWAY_POOLER is session, but the pooler at postgres:/)
    assert.equal(await findFor(`${db.url()}?pgbouncer=true`), 'transaction, proven')
    assert.equal(await findFor(`${db.url()}?pgbouncer=true`, 'session'), 'direct, proven')
    await using sessions = await startPgbouncer(db.server, { mode: 'session' })
    assert.equal(await findFor(sessions.through(db.url()), 'session'), 'session, proven')
    await db.query(`alter database "${db.name}" set track_activities = off`)
    assert.equal(await findFor(sessions.through(db.url()), 'session'), 'session, proven')
  }),
)
