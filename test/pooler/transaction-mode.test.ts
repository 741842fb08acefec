/** What works through a pooler that gives a server connection to each transaction, and what is refused there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { settings } from '../../src/config/settings.ts'
import { errorOf, eventsOf, script } from '../dialect/postgres/scene.ts'
import { newestMajor } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'
import {
  createPooledScene,
  type PooledScene,
  requireCode,
  testPooled,
  testPooledEach,
} from './pooled-scene.ts'

const transaction = { mode: 'transaction' } as const
const concurrently = '-- migrate:up transaction:false\ncreate index concurrently t_n on t (n);'

testPooledEach('SQL and TypeScript, one after the other, and skipped ones', async (major) => {
  await using scene = await createPooledScene(major, transaction, {
    '0001_t.sql': 'create table t (n int);\ninsert into t values (1);',
    '0002_more.ts': script(`await sql\`insert into t values (\${2})\`
      if (!(await context.columnExists('t', 'm'))) await sql\`alter table t add column m int\`
      try { await sql\`savepoint s\`; await sql\`select 1 / 0\` } catch { await sql\`rollback to savepoint s\` }`),
    '0003_elsewhere.ts': script("throw new Error('not here')", "{ dialects: ['sqlite'] }"),
    '0004_last.sql': 'insert into t values (3, 3);',
  })
  const result = await scene.up(0)
  assert.deepEqual(await scene.history(), [
    '0001_t applied',
    '0002_more applied',
    '0003_elsewhere skipped',
    '0004_last applied',
  ])
  assert.equal((await scene.db.query('select from t')).length, 3)
  assert.deepEqual(
    eventsOf(result, 'step-finished').map(({ index, total }) => `${index}/${total}`),
    ['1/4', '2/4', '3/4', '4/4'],
  )
  assert.equal(eventsOf(result, 'planned').length, 1)
  await scene.up(0)
  requireCode(await scene.run(['verify']), 0)
})

testPooledEach(
  'what needs a session is refused by name, with the remedy, and nothing has run',
  async (major) => {
    await using scene = await createPooledScene(major, transaction, {
      '0001_t.sql': 'create table t (n int);',
      '0002_index.sql': concurrently,
      '0003_script.ts': script('await sql`select 1`', '{ transaction: false }'),
      '0004_more.sql': 'insert into t values (1);',
    })
    const error = errorOf(await scene.up(78))
    assert.equal(error.code, 'pooler-in-the-way')
    assert.match(
      error.message,
      /0002_index, 0003_script need a whole session, and the pooler at .* gives a server connection to a transaction only/,
    )
    assert.match(error.hint ?? '', /SLIPWAY_DATABASE_URL/)
    assert.deepEqual(await scene.history(), [])
    assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
    // The part before it is no problem, and the rest is none past the pooler.
    requireCode(await scene.run(['up', '--to', '0001_t']), 0)
    await scene.up(78)
    await scene.up(0, scene.direct)
    await scene.up(0)
  },
)

testPooled('docs/poolers.md shows the refusal as it is, and every value of the setting', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/poolers.md'), 'utf8')
  await using scene = await createPooledScene(newestMajor, transaction, {
    '0001_t.sql': 'create table t (n int);',
    '0002_index.sql': concurrently,
  })
  const { message, hint } = errorOf(await scene.up(78))
  const shown = message.replace(/postgres:\S+/, 'postgres://app@pooler:6432/shop')
  assert.ok(page.includes(`✗ ${shown}\nnext: ${hint}\n`), shown)
  for (const value of settings.pooler.type.values) assert.ok(page.includes(`\n| \`${value}\` | `), value)
})

testPooled('in statement mode one can look, and no more', async () => {
  await using scene = await createPooledScene(
    newestMajor,
    { mode: 'statement' },
    { '0001_a.sql': 'select 1;' },
  )
  for (const verb of ['status', 'history', 'verify', 'up --dry-run'])
    requireCode(await scene.run(verb.split(' ')), 0)
  assert.equal(errorOf(await scene.up(78)).code, 'pooler-refused')
})

testPooled('doctor says what kind of pooler it is', async () => {
  const expected = {
    transaction: /one at postgres:.*, which gives a server connection to a transaction only/,
    session: /one at postgres:.*, which gives each session a server connection/,
  }
  for (const [mode, message] of Object.entries(expected)) {
    await using scene = await createPooledScene(
      newestMajor,
      { mode: mode as 'session' },
      { '0001_a.sql': 'select 1;' },
    )
    const { stdout } = await scene.run(['doctor'])
    assert.match(stdout, message)
  }
})

testPooled('where it is only assumed, the message says how to contradict', async () => {
  await using scene = await createPooledScene(
    newestMajor,
    { mode: 'session' },
    {
      '0001_t.sql': 'create table t (n int);',
      '0002_index.sql': concurrently,
    },
  )
  await scene.db.query(`alter database "${scene.db.name}" set track_activities = off`)
  const error = errorOf(await scene.up(78))
  assert.match(error.message, /0002_index needs a whole session, and nothing shows that the pooler at/)
  assert.match(error.hint ?? '', /SLIPWAY_POOLER=session/)
  await scene.up(0, { SLIPWAY_POOLER: 'session' })
  assert.deepEqual(await scene.history(), ['0001_t applied', '0002_index applied'])
})

testPooled('a false statement is refused before anything is set there', async () => {
  await using scene = await createPooledScene(
    newestMajor,
    { mode: 'transaction', settings: { default_pool_size: 1 } },
    { '0001_t.sql': 'create table t (n int);' },
  )
  await using app = await scene.openApp()
  const settings = () => app.unsafe("select name, setting from pg_settings where source = 'session'")
  const before = [...(await settings())]
  const error = errorOf(await scene.up(78, { SLIPWAY_POOLER: 'session' }))
  assert.match(error.message, /SLIPWAY_POOLER is session, but the pooler/)
  assert.deepEqual([...(await settings())], before)
  assert.equal(await scene.locks(), 0)
})

for (const how of ['SLIPWAY_POOLER=transaction', 'pgbouncer=true'] as const)
  testPooled(`${how} is obeyed without a pooler, too`, async () => {
    await using scene = await createPooledScene(newestMajor, transaction, {
      '0001_t.sql': 'create table t (n int);',
    })
    const { SLIPWAY_DATABASE_URL: url } = scene.direct
    const env =
      how === 'pgbouncer=true'
        ? { SLIPWAY_DATABASE_URL: `${url}?pgbouncer=true` }
        : { ...scene.direct, SLIPWAY_POOLER: 'transaction' }
    await scene.up(0, env)
    scene.write({ '0002_index.sql': concurrently })
    assert.equal(errorOf(await scene.up(78, env)).code, 'pooler-in-the-way')
  })

testPooled('a waiter says who has the lock, and ends when others have done the work', async () => {
  await using scene = await createPooledScene(newestMajor, transaction, {
    '0001_gate.sql': 'create table gate ();',
    '0002_waits.sql': 'lock table gate in access share mode;\nselect 1;',
  })
  const env = { SLIPWAY_DDL_LOCK_TIMEOUT: '2m' }
  requireCode(await scene.run(['up', '--to', '0001_gate']), 0)
  await using gate = await scene.db.connect()
  await gate.unsafe('begin; lock table gate')
  const first = scene.start(['up'], env)
  const pid = await until('the first one works', async () => {
    const [row] = await scene.db.query<{ pid: number }>(
      "select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())",
    )
    return row?.pid
  })
  for (const through of [{}, scene.direct]) {
    const waiter = scene.start(['up'], { ...env, ...through, SLIPWAY_LOCK_TIMEOUT: '1s' })
    const result = await waiter.done
    assert.equal(errorOf(result).code, 'lock-timeout')
    assert.match(errorOf(result).message, new RegExp(`held by pid ${pid} \\(slipway/`))
  }
  const waiter = scene.start(['up'], env)
  await waiter.waitForOutput(/waiting-for-lock/)
  await gate.unsafe('commit')
  requireCode(await first.done, 0)
  const result = await waiter.done
  requireCode(result, 0)
  assert.deepEqual(eventsOf(result, 'step-started'), [])
})

testPooled(
  'a pooled runner waits while a direct one builds an index, and then has nothing to do',
  async () => {
    await using scene = await createPooledScene(newestMajor, transaction, {
      '0001_t.sql': 'create table t (n int);',
      '0002_index.sql': concurrently,
    })
    requireCode(await scene.run(['up', '--to', '0001_t']), 0)
    // An old snapshot keeps the index from being finished.
    await using old = await scene.db.connect()
    await old.unsafe('begin isolation level repeatable read; select 1')
    const builder = scene.start(['up'], scene.direct)
    await until('the index is being built', async () => {
      const rows = await scene.db.query(
        "select 1 from pg_stat_activity where query like 'create index concurrently%' and state = 'active'",
      )
      return rows.length > 0
    })
    const waiter = scene.start(['up'])
    await waiter.waitForOutput(/waiting-for-lock/)
    await old.unsafe('commit')
    requireCode(await builder.done, 0)
    requireCode(await waiter.done, 0)
  },
)

/** A session of the app has a table lock and lets go of it when told to; the first migration is applied. */
async function withBusyTable(
  files: Readonly<Record<string, string>>,
  lock: string,
  work: (scene: PooledScene, letGo: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  await using scene = await createPooledScene(newestMajor, transaction, files)
  requireCode(await scene.run(['up', '--steps', '1']), 0)
  await using app = await scene.db.connect()
  await app.unsafe(`begin; set application_name = 'the app'; ${lock}`)
  await work(scene, () => app.unsafe('commit'))
}

testPooled('a failure is written down before anybody else gets the lock', async () => {
  const files = { '0001_first.sql': 'select 1;', '0002_fails.sql': 'select 1 / 0;' }
  await withBusyTable(files, 'lock table schema_migrations_log in share mode', async (scene, letGo) => {
    const running = scene.start(['up'])
    const writer = await until('the failure is being written', async () => {
      const [row] = await scene.db.query<{ pid: number }>(
        "select pid from pg_locks where relation = 'schema_migrations_log'::regclass and not granted",
      )
      return row?.pid
    })
    const holders = await scene.db.query<{ pid: number }>(
      "select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())",
    )
    assert.deepEqual(holders, [{ pid: writer }])
    await letGo()
    requireCode(await running.done, 70)
    assert.equal(await scene.locks(), 0)
    const failures = await scene.db.query("select 1 from schema_migrations_log where event = 'failure'")
    assert.equal(failures.length, 1)
  })
})

testPooled('--steps counts what this run does', async () => {
  await using scene = await createPooledScene(newestMajor, transaction, {
    '0001_a.sql': 'select 1;',
    '0002_b.sql': 'select 1;',
    '0003_c.sql': 'select 1;',
  })
  requireCode(await scene.run(['up', '--steps', '2']), 0)
  assert.deepEqual(await scene.history(), ['0001_a applied', '0002_b applied'])
})

testPooled('a busy table is tried for again, and who is in the way is named', async () => {
  const files = {
    '0001_t.sql': 'create table t (n int);',
    '0002_alter.sql': 'alter table t add column m int;',
  }
  await withBusyTable(files, 'lock table t in access share mode', async (scene, letGo) => {
    const running = scene.start(['up'], { SLIPWAY_DDL_LOCK_TIMEOUT: '50ms' })
    await running.waitForOutput(/step-retrying.*the app/)
    await letGo()
    requireCode(await running.done, 0)
    assert.equal(await scene.locks(), 0)
  })
})

testPooled('a migration that ends its own transaction is found out', async () => {
  await using scene = await createPooledScene(newestMajor, transaction, {
    '0001_escapes.ts': script("await sql.raw('create table x (); commit; begin')"),
  })
  assert.equal(errorOf(await scene.up(79)).code, 'escaped')
  assert.deepEqual(await scene.history(), ['0001_escapes started'])
  assert.equal(errorOf(await scene.up(79)).code, 'unfinished')
})

testPooled('history that moves under a plan makes a new plan', async () => {
  await using scene = await createPooledScene(newestMajor, transaction, {
    '0001_gate.sql': 'create table gate ();',
    '0002_waits.sql': 'lock table gate in access share mode;\nselect 1;',
    '0003_c.sql': 'create table c ();',
  })
  requireCode(await scene.run(['up', '--to', '0001_gate']), 0)
  await using gate = await scene.db.connect()
  await gate.unsafe('begin; lock table gate')
  const running = scene.start(['up'], { SLIPWAY_DDL_LOCK_TIMEOUT: '100ms' })
  await running.waitForOutput(/step-retrying/)
  // Somebody records it by hand while it backs off.
  await scene.db.query(
    "insert into schema_migrations (name, checksum, applied_by, runner_version, run_id, state, source) select '0002_waits', 'sha256-v1:0', '', '', '', 'applied', ''",
  )
  await gate.unsafe('commit')
  assert.equal(errorOf(await running.done).code, 'changed')
  assert.deepEqual(await scene.db.query("select to_regclass('c') as c"), [{ c: null }])
})

testPooled('stamp and repair work in turns as well', async () => {
  await using scene = await createPooledScene(newestMajor, transaction, {
    '0001_a.sql': 'select 1;',
    '0002_b.sql': 'select 1;',
  })
  requireCode(await scene.run(['stamp', '0001_a', '--yes']), 0)
  assert.deepEqual(await scene.history(), ['0001_a applied'])
  scene.write({ '0001_a.sql': 'select 2;' })
  requireCode(await scene.run(['repair', '--accept', '0001_a', '--yes']), 0)
  await scene.up(0)
  assert.equal(await scene.locks(), 0)
})

testPooledEach('a target that is counted is counted once, not anew in each turn', async (major) => {
  await using scene = await createPooledScene(major, transaction, {
    '0001_one.sql': 'create table one (n int);',
    '0002_two.sql': 'create table two (n int);',
    '0003_three.sql': 'create table three (n int);',
    '0004_four.sql': 'create table four (n int);',
  })
  requireCode(await scene.run(['up', '--to', '+2']), 0)
  assert.deepEqual(await scene.history(), ['0001_one applied', '0002_two applied'])
})
