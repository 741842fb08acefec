/** What breaks between the runner, the pooler and the server: never a hang, a half, or work on another connection. */
import assert from 'node:assert/strict'
import type { RunningSlipway } from '../helpers/cli.ts'
import {
  assertFailure,
  effectsTable,
  patientMigrations,
  type Stage,
  waitingScript,
  withStage,
} from '../helpers/interrupted-run.ts'
import { type Pgbouncer, type PgbouncerOptions, startPgbouncer } from '../helpers/pgbouncer.ts'
import { newestMajor, postgresMajors, sharedPostgres, startPostgres } from '../helpers/postgres.ts'
import { connection, type PostgresServer } from '../helpers/postgres-server.ts'
import { startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { testPooled } from './pooled-scene.ts'

interface PooledStage extends Stage {
  readonly pooler: Pgbouncer
  /** Starts `up` through the pooler. */
  begin(env?: Record<string, string>): RunningSlipway
}

async function withPooledStage(
  migrations: Readonly<Record<string, string>>,
  work: (stage: PooledStage) => Promise<void>,
  options: { readonly settings?: PgbouncerOptions['settings']; readonly server?: PostgresServer } = {},
): Promise<void> {
  await withStage(
    migrations,
    async (stage) => {
      const { settings = {} } = options
      await using pooler = await startPgbouncer(stage.db.server, { mode: 'transaction', settings })
      const begin = (env: Record<string, string> = {}) =>
        stage.start({ env: { SLIPWAY_DATABASE_URL: pooler.through(stage.db.url()), ...env } })
      await work({ ...stage, pooler, begin })
    },
    options.server,
  )
}

/** `up` through the pooler must finish what was left, once. */
async function recover(stage: PooledStage): Promise<void> {
  await stage.allow().catch(() => {})
  stage.go()
  const again = await stage.begin().done
  assert.equal(again.code, 0, again.stderr)
  assert.deepEqual(await stage.effects(), ['after', 'before'])
  assert.equal(await stage.locks(), 0)
}

async function requireNothingDone(stage: Stage): Promise<void> {
  assert.deepEqual(await stage.effects(), [])
  assert.deepEqual(await stage.history(), ['0001_effects applied'])
}

const patient = patientMigrations('transaction')
const waiting = { '0001_effects.sql': effectsTable, '0002_waits.ts': waitingScript }

for (const major of postgresMajors.filter((one) => one >= 14)) {
  testPooled(`PostgreSQL ${major}: SIGTERM in the middle of a statement ends it on the server`, async () =>
    withPooledStage(
      patient,
      async (stage) => {
        const run = stage.begin()
        await stage.executing('from patience')
        run.kill('SIGTERM')
        assert.equal((await run.done).code, 143)
        assert.equal(await stage.locks(), 0)
        await requireNothingDone(stage)
        await recover(stage)
      },
      { server: await sharedPostgres(major) },
    ),
  )

  testPooled(`PostgreSQL ${major}: a second runner goes on where a killed one was`, async () =>
    withPooledStage(
      patient,
      async (stage) => {
        const first = stage.begin()
        const pid = await stage.executing('from patience')
        const second = stage.begin()
        await second.waitForOutput(new RegExp(`run lock is held by pid ${pid}`))
        first.kill('SIGKILL')
        await until('the first one is gone', async () => !(await stage.backends()).includes(pid), {
          timeoutMs: 10_000,
        })
        await stage.executing('from patience')
        await stage.allow()
        assert.equal((await second.done).code, 0, second.output())
        assert.deepEqual(await stage.effects(), ['after', 'before'])
        assert.deepEqual(await stage.history(), ['0001_effects applied', '0002_sleeps applied'])
      },
      { server: await sharedPostgres(major) },
    ),
  )
}

testPooled('SIGTERM while a script does something else', () =>
  withPooledStage(waiting, async (stage) => {
    const run = stage.begin()
    await stage.waiting()
    run.kill('SIGTERM')
    assert.equal((await run.done).code, 143)
    await requireNothingDone(stage)
    await recover(stage)
  }),
)

const endings: Readonly<Record<string, (stage: PooledStage) => Promise<unknown>>> = {
  pg_terminate_backend: (stage) => stage.evict(),
  'SIGKILL of the pooler': (stage) => stage.pooler.kill('SIGKILL').then(() => stage.pooler.start()),
  'SIGTERM of the pooler': (stage) => stage.pooler.kill('SIGTERM').then(() => stage.pooler.start()),
  'KILL on its console': async (stage) => {
    await stage.pooler.admin(`KILL ${stage.db.name}`)
    await stage.pooler.admin(`RESUME ${stage.db.name}`)
  },
}

for (const [how, end] of Object.entries(endings)) {
  testPooled(
    `${how} during a statement: 75, nothing done, nothing run elsewhere; the next run finishes`,
    () =>
      withPooledStage(patient, async (stage) => {
        const run = stage.begin()
        await stage.executing('from patience')
        await end(stage)
        assertFailure(await run.done, 75, /the connection was lost while 0002_sleeps ran: /)
        await until('the server connection is gone', async () => (await stage.locks()) === 0)
        await requireNothingDone(stage)
        await recover(stage)
      }),
  )

  testPooled(`${how} while a script does something else: 75; the next run finishes`, () =>
    withPooledStage(waiting, async (stage) => {
      const run = stage.begin()
      await stage.waiting()
      await end(stage)
      stage.go()
      assertFailure(await run.done, 75, /the connection was lost while 0002_waits ran: /)
      await until('the server connection is gone', async () => (await stage.locks()) === 0)
      await requireNothingDone(stage)
      await recover(stage)
    }),
  )
}

testPooled('pg_terminate_backend is told in the words of the server', () =>
  withPooledStage(patient, async (stage) => {
    const run = stage.begin()
    await stage.executing('from patience')
    await stage.evict()
    assertFailure(await run.done, 75, /ran: terminating connection due to administrator command/)
  }),
)

testPooled('a pause is waited through, before a run and in the middle of it', () =>
  withPooledStage(waiting, async (stage) => {
    await stage.pooler.admin('PAUSE')
    const run = stage.begin()
    await until('the runner waits at the pooler', async () =>
      (await stage.pooler.admin('SHOW POOLS')).some(
        (pool) => pool.database === stage.db.name && Number(pool.cl_waiting) > 0,
      ),
    )
    await stage.pooler.admin('RESUME')
    await stage.waiting()
    // It takes effect once the transaction that runs has ended.
    const paused = stage.pooler.admin('PAUSE')
    stage.go()
    await paused
    await stage.pooler.admin('RESUME')
    assert.equal((await run.done).code, 0, run.output())
    assert.deepEqual(await stage.effects(), ['after', 'before'])
  }),
)

testPooled('the answer to the last COMMIT is lost on the way: history says that it is done', () =>
  withPooledStage(waiting, async (stage) => {
    await using proxy = await startProxy({ host: '127.0.0.1', port: stage.pooler.port })
    const cut = proxy.cutAfterCommit({ having: /'0002_waits'/ })
    const run = stage.begin({ SLIPWAY_DATABASE_URL: proxy.through(stage.db.url()) })
    await stage.waiting()
    stage.go()
    await cut
    const result = await run.done
    assert.equal(result.code, 0, result.stderr)
    assert.match(result.stderr, /before COMMIT was answered; history says it is applied/)
    assert.deepEqual(await stage.effects(), ['after', 'before'])
    assert.equal(await stage.locks(), 0)
  }),
)

testPooled('COMMIT does not arrive: 75, and not done', () =>
  withPooledStage(waiting, async (stage) => {
    await using proxy = await startProxy({ host: '127.0.0.1', port: stage.pooler.port })
    const run = stage.begin({ SLIPWAY_DATABASE_URL: proxy.through(stage.db.url()) })
    await stage.waiting()
    const cut = proxy.cutBefore(/commit$/)
    stage.go()
    await cut
    assertFailure(await run.done, 75, /while 0002_waits was being committed; it was not committed/)
    await requireNothingDone(stage)
    await recover(stage)
  }),
)

/** Longer than two looks of the watchdog, each of which waits five seconds for an answer. */
for (const size of [1, 20])
  testPooled(`a long statement is not taken for a dead one, with ${size} server connections`, () =>
    withPooledStage(
      { '0001_effects.sql': `${effectsTable}\nselect pg_sleep(14);` },
      async (stage) => {
        const result = await stage.begin({ SLIPWAY_KEEPALIVE: '1s' }).done
        assert.equal(result.code, 0, result.stderr)
      },
      { settings: { default_pool_size: size } },
    ),
  )

testPooled('a question that waits for long is not taken for a dead one', () =>
  withPooledStage({ '0001_effects.sql': effectsTable }, async (stage) => {
    assert.equal((await stage.begin().done).code, 0)
    await using holder = await stage.db.connect()
    await holder.unsafe('begin; lock table schema_migrations in access exclusive mode')
    const run = stage.begin({ SLIPWAY_KEEPALIVE: '200ms' })
    await stage.executing('from "public"."schema_migrations"')
    const logins = () => stage.pooler.log().split(`login attempt: db=${stage.db.name}`).length
    const before = logins()
    await until('it was looked after several times', () => logins() >= before + 5)
    await holder.unsafe('commit')
    assert.equal((await run.done).code, 0, run.output())
  }),
)

testPooled('a connection whose packets are lost is noticed', () =>
  withPooledStage(patient, async (stage) => {
    await using proxy = await startProxy({ host: '127.0.0.1', port: stage.pooler.port })
    const through = { SLIPWAY_DATABASE_URL: proxy.through(stage.db.url()), SLIPWAY_KEEPALIVE: '1s' }
    const run = stage.begin(through)
    await stage.executing('from patience')
    proxy.blackhole()
    assertFailure(await run.done, 75, /0002_sleeps ran: the server cannot be reached any more/)
  }),
)

testPooled('a transaction that is over without our knowing is noticed', () =>
  withPooledStage(patient, async (stage) => {
    await using proxy = await startProxy({ host: '127.0.0.1', port: stage.pooler.port })
    const through = { SLIPWAY_DATABASE_URL: proxy.through(stage.db.url()), SLIPWAY_KEEPALIVE: '1s' }
    const run = stage.begin(through)
    await stage.executing('from patience')
    proxy.blackhole()
    proxy.forward()
    await stage.allow()
    assertFailure(await run.done, 75, /0002_sleeps ran: the server no longer works for this session/)
  }),
)

testPooled('the server behind the pooler comes later: the runner waits', async () => {
  await using server = await startPostgres({ major: newestMajor })
  await withPooledStage(
    { '0001_effects.sql': effectsTable },
    async (stage) => {
      await server.stop('fast')
      const run = stage.begin({ SLIPWAY_WAIT_TIMEOUT: '60s' })
      await run.waitForOutput(/waiting for postgres/)
      await server.start()
      assert.equal((await run.done).code, 0, run.output())
    },
    { server, settings: { server_login_retry: 1, query_wait_timeout: 2 } },
  )
})

testPooled('a full pooler is waited for', () =>
  withPooledStage(
    { '0001_effects.sql': effectsTable },
    async (stage) => {
      await using held = await connection({ ...stage.db.server, port: stage.pooler.port }, stage.db.name)
      const run = stage.begin()
      await run.waitForOutput(/no more connections allowed/)
      await held.end()
      assert.equal((await run.done).code, 0, run.output())
    },
    { settings: { max_client_conn: 1 } },
  ),
)
