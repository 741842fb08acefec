/** A stop in good order: what runs is ended on the server, rolled back, unlocked, reported. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunningSlipway } from '../../helpers/cli.ts'
import { newestMajor, type TestDatabase } from '../../helpers/postgres.ts'
import { startProxy } from '../../helpers/proxy.ts'
import { until } from '../../helpers/until.ts'
import { createScene, errorOf, eventsOf, type Scene, script, testEach } from './scene.ts'

const isSleeping =
  "select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query ~ 'pg_sleep' and pid <> pg_backend_pid()"
const isLocked =
  "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"

/** Waits for the statement to run, sends the signal, and for the statement to be gone within a second. */
async function interrupt(db: TestDatabase, running: RunningSlipway, signal: NodeJS.Signals): Promise<void> {
  await using watcher = await db.connect()
  const sleeps = async () => (await watcher.unsafe(isSleeping)).length > 0
  await until('the statement runs', sleeps)
  running.kill(signal)
  await until('the statement is gone', async () => !(await sleeps()), { timeoutMs: 1000 })
}

async function requireUndone(scene: Scene): Promise<void> {
  assert.deepEqual(await scene.history(), ['0001_first applied'])
  assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
  assert.deepEqual(await scene.db.query(isLocked), [])
}

const sleepers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SQL: { '0002_slow.sql': 'create table t (n int);\nselect pg_sleep(30);' },
  TypeScript: { '0002_slow.ts': script('await sql`create table t (n int)`\nawait sql`select pg_sleep(30)`') },
  'TypeScript that swallows the error': {
    '0002_slow.ts': script(`await sql\`create table t (n int)\`
      for (let n = 0; n < 3; n++) try { await sql\`select pg_sleep(30)\` } catch {}`),
  },
}

for (const [language, files] of Object.entries(sleepers)) {
  testEach(`SIGTERM in the middle of a statement, ${language}`, async (major) => {
    await using scene = await createScene(major, { '0001_first.sql': 'select 1', ...files })
    const running = scene.start(['up'])
    await interrupt(scene.db, running, 'SIGTERM')
    const result = await running.done
    assert.equal(result.code, 143)
    assert.equal(errorOf(result).code, 'terminated')
    assert.equal(eventsOf(result, 'stopping').length, 1)
    await requireUndone(scene)
    const failures = await scene.db.query("select 1 from schema_migrations_log where event = 'failure'")
    assert.deepEqual(failures, [])
  })
}

test('SIGINT in the middle of a statement', async () => {
  await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1', ...sleepers.SQL })
  const running = scene.start(['up'])
  await interrupt(scene.db, running, 'SIGINT')
  const result = await running.done
  assert.deepEqual([result.code, errorOf(result).code], [130, 'interrupted'])
  await requireUndone(scene)
})

testEach('SIGTERM in a non-transactional step leaves it to be resumed', async (major) => {
  await using scene = await createScene(major, {
    '0001_first.sql': 'select 1',
    '0002_steps.sql':
      '-- migrate:up transaction:false\ncreate table t (n int);\nselect pg_sleep(coalesce((select 0 from t limit 1), 30));',
  })
  const running = scene.start(['up'])
  await interrupt(scene.db, running, 'SIGTERM')
  const result = await running.done
  assert.deepEqual(
    [result.code, errorOf(result).message, errorOf(result).hint],
    [143, 'stopped by SIGTERM; 0002_steps is unfinished and can be resumed', 'to go on with it: slipway up'],
  )
  assert.deepEqual(await scene.history(), ['0001_first applied', '0002_steps started'])
  assert.deepEqual(await scene.db.query(isLocked), [])
  await scene.db.query('insert into t values (1)')
  await scene.up(0)
  assert.deepEqual(await scene.history(), ['0001_first applied', '0002_steps applied'])
})

const endless: Readonly<Record<string, string>> = {
  'a promise that never settles':
    "console.log('waiting')\nawait new Promise((resolve) => setTimeout(resolve, 600_000))",
  'an open transaction and a timer': `await sql\`create table t (n int)\`
    console.log('waiting')
    await new Promise((resolve) => setTimeout(resolve, 600_000))`,
}

for (const [what, body] of Object.entries(endless)) {
  test(`a migration that awaits ${what} does not keep the run`, async () => {
    await using scene = await createScene(newestMajor, {
      '0001_first.sql': 'select 1',
      '0002_waits.ts': script(body),
    })
    const running = scene.start(['up'], { SLIPWAY_SHUTDOWN_TIMEOUT: '20s' })
    await running.waitForOutput(/waiting/)
    running.kill('SIGTERM')
    const result = await running.done
    assert.deepEqual([result.code, errorOf(result).code], [143, 'terminated'])
    await requireUndone(scene)
  })
}

test('a stop that takes too long ends at the shutdown timeout', async () => {
  await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1', ...sleepers.SQL })
  await using proxy = await startProxy(scene.db.server)
  const running = scene.start(['up'], {
    SLIPWAY_DATABASE_URL: proxy.through(scene.db.url()),
    SLIPWAY_SHUTDOWN_TIMEOUT: '1s',
  })
  await until('the statement runs', async () => (await scene.db.query(isSleeping)).length > 0)
  proxy.blackhole()
  running.kill('SIGTERM')
  assert.equal((await running.done).code, 143)
})

test('the second signal ends at once', async () => {
  await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1', ...sleepers.SQL })
  await using proxy = await startProxy(scene.db.server)
  const running = scene.start(['up'], {
    SLIPWAY_DATABASE_URL: proxy.through(scene.db.url()),
    SLIPWAY_SHUTDOWN_TIMEOUT: '10m',
  })
  await until('the statement runs', async () => (await scene.db.query(isSleeping)).length > 0)
  proxy.blackhole()
  running.kill('SIGTERM')
  await running.waitForOutput(/"stopping"/)
  running.kill('SIGTERM')
  assert.equal((await running.done).code, 143)
})

test('SIGTERM while another runner has the lock', async () => {
  await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1', ...sleepers.SQL })
  const holder = scene.start(['up'])
  await until('the holder works', async () => (await scene.db.query(isSleeping)).length > 0)
  const waiter = scene.start(['up'])
  await waiter.waitForOutput(/"waiting-for-lock"/)
  waiter.kill('SIGTERM')
  assert.equal((await waiter.done).code, 143)
  assert.equal((await scene.db.query(isLocked)).length, 1)
  holder.kill('SIGTERM')
  assert.equal((await holder.done).code, 143)
  await requireUndone(scene)
})

for (const verb of ['up', 'wait']) {
  test(`SIGTERM while ${verb} waits for the database`, async () => {
    await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1' })
    for (const weather of ['closeOnAccept', 'blackhole'] as const) {
      await using proxy = await startProxy(scene.db.server)
      proxy[weather]()
      const running = scene.start([verb], {
        SLIPWAY_DATABASE_URL: proxy.through(scene.db.url()),
        SLIPWAY_SHUTDOWN_TIMEOUT: '10m',
      })
      if (weather === 'closeOnAccept') await running.waitForOutput(/"waiting-for-database"/)
      else await running.waitForOutput(/"run-started"/)
      running.kill('SIGTERM')
      const result = await running.done
      assert.deepEqual([result.code, errorOf(result).code], [143, 'terminated'], weather)
    }
  })
}

test('SIGTERM while wait waits for migrations', async () => {
  await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1' })
  const running = scene.start(['wait'])
  await running.waitForOutput(/"connected"/)
  running.kill('SIGTERM')
  assert.equal((await running.done).code, 143)
})
