/** The library on both kinds of database: what the methods do, resolve to, and reject with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMigrator, type RunEvent, SlipwayError } from '../../src/index.ts'
import { failureOf, twoTables as files, testBoth } from '../helpers/library-scene.ts'
import { testPassword } from '../helpers/password.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace } from '../helpers/workspace.ts'

testBoth('plan, up, status, history, verify', async ({ open, events, dialect }) => {
  await using migrator = await open()
  const plan = await migrator.plan()
  assert.deepEqual(
    plan.steps.map(({ name, action }) => [name, action]),
    [
      ['0001_a', 'apply'],
      ['0002_b', 'apply'],
    ],
  )
  assert.deepEqual(
    (await migrator.status()).migrations.map(({ state }) => state),
    ['pending', 'pending'],
  )

  const first = await migrator.up({ steps: 1 })
  assert.deepEqual([first.applied, first.pending, first.skipped, first.ahead], [['0001_a'], [], [], []])
  const rest = await migrator.up()
  assert.deepEqual(rest.applied, ['0002_b'])
  assert.deepEqual((await migrator.up()).applied, [])

  const status = await migrator.status()
  assert.deepEqual([status.current, status.head, status.dialect], ['0002_b', '0002_b', dialect])
  assert.ok(status.migrations[0]?.appliedAt instanceof Date)
  const { rows, log } = await migrator.history({ all: true })
  assert.deepEqual(
    rows.map(({ name, runId }) => [name, runId]),
    [
      ['0001_a', first.runId],
      ['0002_b', rest.runId],
    ],
  )
  assert.deepEqual(
    log?.map(({ event }) => event),
    ['up', 'up'],
  )
  assert.equal((await migrator.history()).log, undefined)
  assert.equal((await migrator.verify()).ok, true)

  const logged = events.flatMap((event) => (event.type === 'migration-log' ? [event.message] : []))
  assert.deepEqual(logged, ['made b'])
  const finished = events.flatMap((event) => (event.type === 'run-finished' ? [event.outcome.exitCode] : []))
  assert.deepEqual(finished, [0, 0, 0])
})

testBoth('stamp, and wait for what somebody else does', async ({ open }) => {
  await using migrator = await open()
  const shown = await migrator.stamp('head', { dryRun: true })
  assert.deepEqual([shown.applied, shown.dryRun], [['0001_a', '0002_b'], true])
  assert.deepEqual((await migrator.history()).rows, [])
  const stamped = await migrator.stamp('0001', { only: true })
  assert.deepEqual([stamped.applied, stamped.dryRun], [['0001_a'], false])
  assert.deepEqual((await migrator.stamp('0001')).applied, [])

  const late = await failureOf(migrator.wait({ timeout: '0' }))
  assert.deepEqual([late.code, late.exitCode], ['pending', 3])
  const [waited, upped] = await Promise.all([migrator.wait({ timeout: '30s' }), migrator.up()])
  assert.deepEqual([waited.applied, upped.applied], [[], ['0002_b']])
  await migrator.wait({ for: 'database', timeout: '5s' })
})

testBoth(
  'a failure says what was done before it',
  async ({ open, events }) => {
    await using migrator = await open()
    const error = await failureOf(migrator.up())
    assert.deepEqual(
      [error.code, error.exitCode, error.facts.migration],
      ['migration-failed', 70, '0002_bad'],
    )
    assert.equal(error.facts.location?.file, 'migrations/0002_bad.sql')
    assert.deepEqual(error.progress?.applied, ['0001_a'])
    assert.deepEqual(error.progress?.pending, ['0002_bad', '0003_c'])
    const failed = events.find((event) => event.type === 'step-failed')
    assert.ok(failed?.type === 'step-failed' && failed.error.message === error.message)
    // A refusal is a value of verify, and an error of up.
    const { ok, refusals } = await migrator.verify()
    assert.deepEqual([ok, refusals], [true, []])
  },
  {
    'migrations/0001_a.sql': 'create table a (id integer);\n',
    'migrations/0002_bad.sql': 'create table a (id integer);\n',
    'migrations/0003_c.sql': 'create table c (id integer);\n',
  },
)

testBoth('what is refused is an error with every reason', async ({ open, workspace }) => {
  await using migrator = await open()
  await migrator.up()
  workspace.write({ 'migrations/0001_a.sql': 'create table other (id integer);\n' })
  const error = await failureOf(migrator.up())
  assert.deepEqual([error.code, error.exitCode], ['changed', 65])
  const { ok, refusals } = await migrator.verify()
  assert.deepEqual([ok, refusals.map(({ code }) => code)], [false, ['changed']])
  assert.ok(refusals[0] instanceof SlipwayError)
})

testBoth('bad requests name what is wrong', async ({ open }) => {
  await using migrator = await open()
  for (const [promise, code, message] of [
    [migrator.up({ steps: 0 }), 'bad-argument', /^option steps must be a whole number/],
    [migrator.up({ to: '' }), 'bad-argument', /target is empty/],
    [migrator.up({ to: '9999' }), 'unknown-target', /no migration matches 9999/],
    [migrator.stamp('nothing'), 'unknown-target', /nothing/],
    [migrator.wait({ timeout: 'soon' }), 'bad-argument', /^option timeout must be a duration/],
  ] as const) {
    const error = await failureOf(promise)
    assert.equal(error.code, code)
    assert.match(error.message, message)
  }
})

testBoth('five runs of one process and as many migrators: each migration once', async ({ open }) => {
  const migrators = await Promise.all(Array.from({ length: 5 }, () => open()))
  const results = await Promise.all(migrators.map((migrator) => migrator.up()))
  assert.deepEqual(results.flatMap(({ applied }) => applied).sort(), ['0001_a', '0002_b'])
  const [first] = migrators
  assert.deepEqual((await first?.history())?.rows.length, 2)
  await Promise.all(migrators.map((migrator) => migrator.close()))
})

test('several databases at once, of both kinds', async () => {
  await using one = await createTestDatabase(newestMajor)
  await using two = await createTestDatabase(newestMajor)
  using workspace = createWorkspace(files)
  const urls = [
    one.url(),
    two.url(),
    `sqlite://${workspace.path('a.db')}`,
    `sqlite://${workspace.path('b.db')}`,
  ]
  const migrators = await Promise.all(
    urls.map((databaseUrl) => createMigrator({ databaseUrl, cwd: workspace.dir })),
  )
  const results = await Promise.all(migrators.map((migrator) => migrator.up()))
  assert.deepEqual(
    results.map(({ applied }) => applied.length),
    [2, 2, 2, 2],
  )
})

testBoth(
  'a run that waits for another of this process says how to end it',
  async ({ open, workspace, dialect, events }) => {
    workspace.write({
      'migrations/0001_a.sql': undefined,
      'migrations/0002_b.ts':
        "import { setTimeout } from 'node:timers/promises'\nexport const up = async ({ signal }) => { await setTimeout(600_000, undefined, { signal }) }\n",
    })
    await using holder = await open()
    const running = failureOf(holder.up())
    await until('it holds the lock', () => events.some(({ type }) => type === 'step-started'))
    await using waiting = await open({ lockTimeout: '300ms' })
    const error = await failureOf(waiting.up())
    assert.deepEqual([error.code, error.exitCode], ['lock-timeout', 75])
    if (dialect === 'sqlite') assert.match(error.hint, /abort the run of this process/)
    await holder.close()
    assert.equal((await running).code, 'interrupted')
  },
)

const sleeping = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_sleep.ts':
    "import { setTimeout } from 'node:timers/promises'\nexport const up = async ({ sql, log }) => { await sql`create table b (id integer)`; log('sleeps'); await setTimeout(600_000, undefined, { ref: false }) }\n",
}

for (const how of ['the migrator’s signal', 'the call’s signal', 'close'] as const)
  testBoth(
    `stopped by ${how}: rolled back, and the lock is free`,
    async ({ open, events, workspace }) => {
      const controller = new AbortController()
      const reason = new Error('the user pressed a key')
      await using migrator = await open(how === 'the migrator’s signal' ? { signal: controller.signal } : {})
      const running = failureOf(migrator.up(how === 'the call’s signal' ? { signal: controller.signal } : {}))
      await until('it sleeps', () => events.some(({ type }) => type === 'migration-log'))
      const closing = how === 'close' ? migrator.close() : undefined
      controller.abort(reason)
      const error = await running
      await closing
      assert.deepEqual([error.code, error.exitCode], ['interrupted', 130])
      assert.deepEqual(error.progress?.applied, ['0001_a'])
      if (how !== 'close') assert.equal(error.cause, reason)
      await using next = await open()
      assert.equal((await next.status()).migrations.at(-1)?.state, 'pending')
      workspace.write({ 'migrations/0002_sleep.ts': files['migrations/0002_b.ts'] })
      assert.deepEqual((await next.up()).applied, ['0002_sleep'])
    },
    sleeping,
  )

test('a signal that is aborted already, before there is a connection', async () => {
  using workspace = createWorkspace(files)
  const options = { databaseUrl: 'postgres://nobody@127.0.0.1:1/none', cwd: workspace.dir }
  await using migrator = await createMigrator({ ...options, signal: AbortSignal.abort() })
  for (const promise of [migrator.up(), migrator.status(), migrator.wait()])
    assert.equal((await failureOf(promise)).code, 'interrupted')
  // And while it waits for one.
  await using waiting = await createMigrator({ ...options, signal: AbortSignal.timeout(300) })
  assert.equal((await failureOf(waiting.up())).code, 'interrupted')
})

test('PostgreSQL: a session that is ended is a rejection, not an uncaught exception', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace({ 'migrations/0001_sleep.sql': 'select pg_sleep(600);\n' })
  await using migrator = await createMigrator({ databaseUrl: db.url(), cwd: workspace.dir })
  const running = failureOf(migrator.up())
  await until('it sleeps', async () => {
    const rows = await db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    )
    return rows.length > 0
  })
  const error = await running
  assert.deepEqual([error.code, error.exitCode], ['session-lost', 75])
})

test('secrets are hidden in errors and events, whoever put them there', async () => {
  const password = testPassword()
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace({
    'migrations/0001_tells.ts': `export const up = async ({ log, env }) => {
  log('it is ' + env.SECRET, { nested: [env.SECRET] })
  throw new Error('cannot go on with ' + env.SECRET)
}
`,
  })
  const events: RunEvent[] = []
  await using migrator = await createMigrator({
    databaseUrl: db.url(),
    cwd: workspace.dir,
    env: { SECRET: password },
    onEvent: (event) => events.push(event),
  })
  const error = await failureOf(migrator.up())
  const { inspect } = await import('node:util')
  const shown = inspect([error, events], { depth: 20, maxStringLength: null })
  assert.match(shown, /cannot go on with \*\*\*/)
  assert.match(shown, /it is \*\*\*/)
  assert.ok(!shown.includes(password))
  const { log } = await migrator.history({ all: true })
  assert.ok(!JSON.stringify(log).includes(password))
})

testBoth('hooks are run, functions and commands', async ({ open, workspace }) => {
  const calls: string[] = []
  await using migrator = await open({
    env: { PATH: process.env.PATH },
    hooks: {
      beforeAll: ({ hook, databaseUrl }) => void calls.push(`${hook} ${databaseUrl}`),
      afterEach: ({ migration }) => void calls.push(String(migration)),
      afterAll: 'echo "$SLIPWAY_OUTCOME" > after.txt',
    },
  })
  await migrator.up()
  assert.deepEqual(calls, ['beforeAll undefined', '0001_a', '0002_b'])
  assert.equal(workspace.read('after.txt'), 'done\n')
  await using bad = await open({ hooks: { beforeEach: 'exit 1' } })
  workspace.write({ 'migrations/0003_c.sql': 'create table c (id integer);' })
  const error = await failureOf(bad.up())
  assert.deepEqual([error.code, error.exitCode], ['hook-failed', 70])
  assert.equal(error.hint, 'correct hooks.beforeEach, then run again')
})

test('a listener that throws stops no migration, and does not go unnoticed', async () => {
  using workspace = createWorkspace(files)
  const seen: unknown[] = []
  const notice = (error: unknown) => seen.push(error)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', notice)
  try {
    await using migrator = await createMigrator({
      databaseUrl: `sqlite://${workspace.path('app.db')}`,
      cwd: workspace.dir,
      onEvent: ({ type }) => {
        if (type === 'planned') throw new Error('a faulty listener')
      },
    })
    assert.deepEqual((await migrator.up()).applied, ['0001_a', '0002_b'])
    assert.ok(seen.length > 0 && seen.every((error) => String(error) === 'Error: a faulty listener'))
  } finally {
    process.off('uncaughtException', notice)
    for (const other of others) process.on('uncaughtException', other)
  }
})
