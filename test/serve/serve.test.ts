/** `slipway serve` as a process: what its addresses answer, before, during and after a run, on both kinds of database. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { openPlace, type Place } from '../helpers/place.ts'
import { newestMajor, sharedPostgres } from '../helpers/postgres.ts'
import { startProxy } from '../helpers/proxy.ts'
import { readSamples, type Serving, startServing } from '../helpers/serving.ts'
import { until } from '../helpers/until.ts'

const twoTables = {
  '0001_a.sql': 'create table a (id integer);\n',
  '0002_b.ts': 'export const up = async ({ sql }) => { await sql`create table b (id integer)` }\n',
}

const startIn = (place: Place, env: Record<string, string> = {}, args: readonly string[] = []) =>
  startServing({ cwd: place.workspace.dir, env: { ...place.env, ...env } }, args)

/** The state of one migration, as the last look found it. */
async function stateOf(serving: Serving, name: string): Promise<string | undefined> {
  const { status } = await serving.status()
  return status?.migrations.find((each: { name: string }) => each.name === name)?.state
}

const metricsOf = async (serving: Serving) => readSamples((await serving.get('/metrics')).body)

for (const kind of ['sqlite', 'postgres'] as const)
  describe(kind, () => {
    test('migrates, is ready, shows what others do, and ends with 0', async () => {
      await using place = await openPlace(kind, {
        ...twoTables,
        '0003_<img src=x>.sql': 'create table c (id integer);\n',
      })
      await using serving = await startIn(place)
      await serving.until('ready')
      assert.deepEqual(await place.history(), [
        '0001_a applied',
        '0002_b applied',
        '0003_<img src=x> applied',
      ])
      const first = await serving.status()
      assert.equal(first.run.phase, 'succeeded')
      assert.deepEqual(
        first.run.steps.map((step: { name: string; state: string }) => [step.name, step.state]),
        [
          ['0001_a', 'done'],
          ['0002_b', 'done'],
          ['0003_<img src=x>', 'done'],
        ],
      )
      assert.deepEqual(first.lock, { held: false, own: false, holder: null, text: null })

      const page = await serving.get('/')
      assert.equal(page.status, 200)
      assert.match(page.body, /<th role="rowheader" scope="row">0003_<wbr>&lt;img src=x&gt;<\/th>/)
      assert.doesNotMatch(page.body, /<img src=x/)
      assert.doesNotMatch(page.body, /\sstyle=|<style|\son\w+=|https?:\/\//)

      const healthcheck = await place.run(`healthcheck --listen ${new URL(serving.url).port}`)
      assert.deepEqual([healthcheck.code, healthcheck.stdout], [0, 'ready\n'])
      const samples = await metricsOf(serving)
      assert.equal(samples.get('slipway_ready'), 1)
      assert.equal(samples.get('slipway_migrations{state="applied"}'), 3)
      assert.equal(samples.get('slipway_run_applied_migrations'), 3)
      assert.equal(samples.get('slipway_run_exit_code'), 0)
      assert.ok(!samples.has('slipway_last_failure_timestamp_seconds'))

      // An edit of what was applied, and a newer image: neither keeps the app from running.
      place.workspace.write({ 'migrations/0001_a.sql': 'create table a (id bigint);\n' })
      await until('the edit is seen', async () => (await stateOf(serving, '0001_a')) === 'changed')
      assert.equal((await metricsOf(serving)).get('slipway_migrations{state="changed"}'), 1)
      assert.match((await serving.get('/')).body, /<strong>changed<\/strong> 0001_<wbr>a/)
      assert.equal((await serving.get('/readyz')).status, 200)
      place.workspace.write({
        'migrations/0001_a.sql': twoTables['0001_a.sql'],
        'migrations/0004_d.sql': 'create table d (id integer);\n',
      })
      await place.expect(0, 'up')
      place.workspace.write({ 'migrations/0004_d.sql': undefined })
      await until('the newer one is seen', async () => (await stateOf(serving, '0004_d')) === 'ahead')
      assert.equal((await serving.get('/readyz')).status, 200)

      // What is reverted is missing.
      await place.change("delete from schema_migrations where name = '0002_b'")
      await serving.until(/^not ready: succeeded\n$/)
      assert.match((await serving.status()).reason, /1 not applied: 0002_b/)
      const unready = await place.run(`healthcheck --listen ${new URL(serving.url).port}`)
      assert.equal(unready.code, 3)

      assert.equal(await serving.stop(), 0)
      const gone = await place.run(`healthcheck --listen ${new URL(serving.url).port}`)
      assert.equal(gone.code, 69)
    })

    test('stays when migrating failed, says why, and is ready when another run succeeded', async () => {
      await using place = await openPlace(kind, {
        ...twoTables,
        '0003_bad.sql': 'create table a (id integer);\n',
      })
      await using serving = await startIn(place)
      await serving.until(/^not ready: failed \(migration-failed\)\n$/)
      assert.equal((await serving.get('/healthz')).status, 200)
      const { ready, run, failures } = await serving.status()
      assert.deepEqual([ready, run.phase, run.exitCode], [false, 'failed', 70])
      assert.equal(run.error.migration, '0003_bad')
      assert.match(run.error.file, /0003_bad\.sql$/)
      assert.equal(run.steps[2].state, 'failed')
      assert.deepEqual(
        failures.map((failure: { migration: string }) => failure.migration),
        ['0003_bad'],
      )
      const { body } = await serving.get('/')
      assert.match(body, /Not ready: migrating failed/)
      assert.match(body, /<pre[^>]*>[^<]*create table a/)
      const samples = await metricsOf(serving)
      assert.equal(samples.get('slipway_ready'), 0)
      assert.equal(samples.get('slipway_run_failed_migrations'), 1)
      assert.equal(samples.get('slipway_run_exit_code'), 70)
      assert.ok((samples.get('slipway_last_failure_timestamp_seconds') ?? 0) > 1e9)

      place.workspace.write({ 'migrations/0003_bad.sql': 'create table c (id integer);\n' })
      await place.expect(0, 'up')
      await serving.until('ready')
      assert.equal(await serving.stop(), 70)
    })

    test('exits with the failure where it is told to', async () => {
      await using place = await openPlace(kind, { '0001_bad.sql': 'create nonsense;\n' })
      await using serving = await startIn(place, {}, ['--on-failure', 'exit'])
      const { code, stderr } = await serving.running.done
      assert.ok([66, 70].includes(code ?? 0), stderr)
      await assert.rejects(serving.get('/healthz'))
    })
  })

test('answers while it migrates, and SIGTERM then ends it with 143', async () => {
  await using place = await openPlace('postgres', {
    '0001_a.sql': 'create table a (id integer);\n',
    '0002_sleep.sql': 'select pg_sleep(60);\n',
    '0003_c.sql': 'create table c (id integer);\n',
  })
  // Longer than the 63 bytes that PostgreSQL keeps of a session's name.
  const pod = {
    POD_NAMESPACE: 'production',
    POD_NAME: 'api-7c9d8f6b5-x2x8k',
    NODE_NAME: 'ip-10-0-12-34.eu-west-1',
  }
  await using serving = await startIn(place, pod)
  await until('the second one runs', async () => (await serving.status()).run.steps[1]?.state === 'running')
  assert.equal((await serving.get('/healthz')).status, 200)
  assert.deepEqual((await serving.get('/readyz')).body, 'not ready: migrating\n')
  await until('it is seen to hold the lock', async () => (await serving.status()).lock.own)
  assert.match((await serving.get('/')).body, /Held by <strong>this run<\/strong>, pid \d+/)
  const samples = await metricsOf(serving)
  assert.equal(samples.get('slipway_run_in_progress'), 1)
  assert.ok(!samples.has('slipway_run_exit_code'))

  // Another one waits, and shows for whom.
  await using other = await startIn(place)
  await until('it waits', async () => (await other.status()).run.phase === 'waiting-for-lock')
  await until('it knows the holder', async () => (await other.status()).lock.held)
  const waiting = await other.status()
  assert.equal(waiting.lock.own, false)
  assert.match(
    waiting.lock.text,
    /pid \d+ \(slipway\/.*production\/api-7c9d8f6b5-x2x8k.*\).*running: select pg_sleep/,
  )
  assert.match((await other.get('/')).body, /Waiting for another runner/)

  other.running.kill('SIGTERM')
  assert.equal((await other.running.done).code, 143)
  assert.equal(await serving.stop(), 143)
  assert.deepEqual(await place.history(), ['0001_a applied'])
})

test('listens before the database answers, and a silent database later changes nothing', async () => {
  await using place = await openPlace('postgres', twoTables)
  await using proxy = await startProxy(await sharedPostgres(newestMajor))
  proxy.closeOnAccept()
  await using serving = await startIn(place, {
    SLIPWAY_DATABASE_URL: proxy.through(place.env.SLIPWAY_DATABASE_URL ?? ''),
  })
  await serving.until(/^not ready: waiting for database\n$/)
  assert.match((await serving.get('/')).body, /Waiting for the database/)
  proxy.forward()
  await serving.until('ready')
  proxy.closeOnAccept()
  await until('the database is missed', async () => (await serving.status()).problem !== null)
  assert.equal((await serving.get('/readyz')).status, 200)
  const samples = await metricsOf(serving)
  assert.deepEqual([samples.get('slipway_database_up'), samples.get('slipway_ready')], [0, 1])
  assert.match((await serving.get('/')).body, /The database cannot be read now/)

  // Those who ask meanwhile and do not wait for the answer.
  proxy.blackhole()
  for (let n = 0; n < 20; n++) {
    const impatient = connect(Number(new URL(serving.url).port), '127.0.0.1')
    impatient.on('error', () => {}).write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await new Promise((resolve) => impatient.once('connect', resolve))
    setTimeout(() => impatient.resetAndDestroy(), 100)
  }
  assert.equal((await serving.get('/metrics')).status, 200)
  assert.equal((await serving.get('/readyz')).status, 200)
  assert.equal(await serving.stop(), 0)
})

test('many who ask are one look at the database, which only reads', async () => {
  await using place = await openPlace('postgres', twoTables)
  await using proxy = await startProxy(await sharedPostgres(newestMajor))
  await using serving = await startIn(place, {
    SLIPWAY_DATABASE_URL: proxy.through(place.env.SLIPWAY_DATABASE_URL ?? ''),
    SLIPWAY_REFRESH: '1h',
  })
  await serving.until('ready')
  await until('the look after the run is over', async () => (await serving.status()).readAt !== null)
  await until('every session is closed', () => proxy.open() === 0)
  proxy.clearCounts()
  const paths = ['/', '/metrics', '/api/status', '/readyz', '/healthz']
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => serving.get(paths[n % 5] ?? '/')))
  assert.ok(answers.every(({ status }) => status === 200))
  assert.deepEqual(proxy.counts().queries, [])
})

test('what goes on after an interruption is not called unfinished business', async () => {
  await using place = await openPlace('postgres', {
    '0001_a.sql': 'create table a (id integer);\n',
    '0002_long.ts': `export const options = { transaction: false, resumable: true }
export const up = async ({ sql }) => { await sql\`select 1 / (select count(*) from a)\` }\n`,
  })
  await using serving = await startIn(place)
  await serving.until(/failed/)
  await until('the database was read', async () => (await stateOf(serving, '0002_long')) === 'unfinished')
  assert.deepEqual((await serving.status()).status.refusals, [])
  const { body } = await serving.get('/')
  assert.doesNotMatch(body, /slipway repair/)
  assert.match(body, /<strong>Next:<\/strong> [^<]*<code>slipway up<\/code>/)
  assert.match(body, /0002_<wbr>long<\/th>.*unfinished<\/span> <small>failed last time<\/small>/)
  assert.equal(await serving.stop(), 70)
})

test('a password that a migration sets is on no page', async () => {
  const first = "comment on schema public is 'password: first-secret-1';\n"
  const role = (rest: string) => `create role joe\n  password 'hunter2-secret'\n  ${rest};\n`
  await using place = await openPlace('postgres', {
    '0001_a.sql': first,
    '0002_role.sql': role('in role "no <b>body</b>"'),
  })
  const requireNone = async (serving: Serving) => {
    for (const path of ['/', '/api/status', '/metrics', '/readyz'])
      assert.doesNotMatch((await serving.get(path)).body, /-secret/, path)
    const { body } = await serving.get('/')
    assert.doesNotMatch(body, /<b>/)
    return body
  }
  await using serving = await startIn(place)
  await serving.until(/failed/)
  place.workspace.write({
    'migrations/0001_a.sql': "comment on schema public is 'password: other-secret-2';\n",
  })
  await until('the edit is seen', async () => (await stateOf(serving, '0001_a')) === 'changed')
  const body = await requireNone(serving)
  assert.match(body, /role &quot;no &lt;b&gt;body&lt;\/b&gt;&quot; does not exist/)
  assert.match(body, /as found.*comment on schema public is &#39;\*\*\*&#39;/s)

  // A word that was not expected is repeated by whoever did not.
  place.workspace.write({
    'migrations/0001_a.sql': first,
    'migrations/0002_role.sql': role("connection limit 'another-secret-3'"),
  })
  await using other = await startIn(place)
  await other.until(/failed \(sql-syntax\)/)
  const refused = await requireNone(other)
  assert.match(refused, /syntax error at or near/)
  assert.match(refused, /create role joe\n.*password &#39;\*\*\*&#39;/)
})

test('the settings come first: nothing listens without a database to work on', async () => {
  await using place = await openPlace('sqlite', twoTables)
  const result = await place.run('serve --listen 127.0.0.1:0', { SLIPWAY_DATABASE_URL: undefined })
  assert.equal(result.code, 78)
  assert.doesNotMatch(result.stderr, /status page/)
})
