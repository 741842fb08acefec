/** A pooler that gives each session a server connection is as good as none; it only keeps the connection afterwards. */
import assert from 'node:assert/strict'
import { errorOf, script } from '../dialect/postgres/scene.ts'
import { newestMajor } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'
import {
  createPooledScene,
  type PooledScene,
  requireCode,
  testPooled,
  testPooledEach,
} from './pooled-scene.ts'

/** Whatever the app finds on a connection afterwards was left by slipway: the pooler cleans nothing. */
const careless = { mode: 'session', settings: { server_reset_query: '' } } as const

const files = {
  '0001_t.sql': 'create table t (n int);\ninsert into t values (1), (2);',
  '0002_index.sql':
    "-- migrate:up transaction:false\nset work_mem = '7MB';\ncreate temporary table kept (n int);\ncreate unique index concurrently t_n on t (n);",
  '0003_script.ts': script(
    'await sql`prepare kept as select 1`\nawait sql`insert into t values (3)`',
    '{ transaction: false }',
  ),
  '0004_more.sql': "set statement_timeout = '7s';\ninsert into t values (4);",
}

/** On each of the pooler's server connections. */
async function findTraces(scene: PooledScene): Promise<unknown[]> {
  const apps = await Promise.all(Array.from({ length: 12 }, () => scene.openApp()))
  try {
    const rows = await Promise.all(
      apps.map((app) =>
        app.unsafe(`select name from pg_settings where source = 'session' and name <> 'application_name'
union all select name from pg_prepared_statements
union all select relname from pg_class where relnamespace = pg_my_temp_schema()
union all select 'a lock' from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`),
      ),
    )
    return rows.flatMap((found) => [...found].map(({ name }) => name))
  } finally {
    await Promise.all(apps.map((app) => app.end()))
  }
}

testPooledEach('everything works, and nothing stays', async (major) => {
  await using scene = await createPooledScene(major, careless, files)
  await scene.up(0)
  assert.deepEqual(
    await scene.history(),
    Object.keys(files).map((file) => `${file.replace(/\.\w+$/, '')} applied`),
  )
  const indexes = await scene.db.query(
    "select 1 from pg_index where indexrelid = 't_n'::regclass and indisvalid",
  )
  assert.equal(indexes.length, 1)
  assert.deepEqual(await findTraces(scene), [])
  scene.write({ '0005_fails.sql': '-- migrate:up transaction:false\nset work_mem = 777;\nselect 1 / 0;' })
  await scene.up(70)
  assert.deepEqual(await findTraces(scene), [])
})

testPooled('a second runner waits for the session that has the lock', async () => {
  await using scene = await createPooledScene(
    newestMajor,
    { mode: 'session' },
    {
      '0001_t.sql': 'create table t (n int);',
      '0002_index.sql': '-- migrate:up transaction:false\ncreate index concurrently t_n on t (n);',
    },
  )
  requireCode(await scene.run(['up', '--to', '0001_t']), 0)
  await using old = await scene.db.connect()
  await old.unsafe('begin isolation level repeatable read; select 1')
  const first = scene.start(['up'])
  const pid = await until('the index is being built', async () => {
    const [row] = await scene.db.query<{ pid: number }>(
      "select pid from pg_stat_activity where query like 'create index concurrently%' and state = 'active' and datname = current_database()",
    )
    return row?.pid
  })
  const second = scene.start(['up'])
  assert.match((await second.waitForOutput(/"waiting-for-lock".*/))[0], new RegExp(`pid ${pid}`))
  await old.unsafe('commit')
  requireCode(await first.done, 0)
  requireCode(await second.done, 0)
})

testPooled('a killed runner leaves no lock, and the next one resumes', async () => {
  await using scene = await createPooledScene(
    newestMajor,
    { mode: 'session' },
    {
      '0001_t.sql': 'create table t (n int);',
      '0002_steps.sql':
        '-- migrate:up transaction:false\ninsert into t values (1);\nselect pg_sleep(case when (select count(*) from t) > 1 then 0 else 60 end);\ninsert into t values (2);',
    },
  )
  const first = scene.start(['up'])
  await until('the statement runs', async () => {
    const rows = await scene.db.query(
      "select 1 from pg_stat_activity where query like '%pg_sleep(case%' and state = 'active' and datname = current_database() and pid <> pg_backend_pid()",
    )
    return rows.length > 0
  })
  assert.equal(await scene.locks(), 1)
  first.kill('SIGKILL')
  await first.done
  await until('the lock is gone', async () => (await scene.locks()) === 0, { timeoutMs: 10_000 })
  await scene.db.query('insert into t values (0)')
  await scene.up(0)
  const rows = await scene.db.query<{ n: number }>('select n from t order by n')
  assert.deepEqual(
    rows.map(({ n }) => n),
    [0, 1, 2],
  )
})

testPooled('a session that is moved to another backend after all ends the run', async () => {
  await using scene = await createPooledScene(newestMajor, careless, {
    '0001_waits.ts': `import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
export const options = { transaction: false }
export const up = async ({ sql, env }) => {
  writeFileSync(env.PLACE + '/waiting', '')
  while (!existsSync(env.PLACE + '/go')) await sleep(10)
  await sql\`select 1\`
  writeFileSync(env.PLACE + '/waiting-again', '')
  while (!existsSync(env.PLACE + '/go-again')) await sleep(10)
  await sql\`select 1\`
}`,
  })
  const running = scene.start(['up'], { PLACE: scene.workspace.dir })
  await until('the migration waits', () => scene.workspace.has('waiting'))
  await scene.pooler.admin("SET pool_mode = 'transaction'")
  scene.workspace.write({ go: '' })
  await until('the migration waits again', () => scene.workspace.has('waiting-again'))
  // It has given its server connection back; others take it.
  const apps = await Promise.all(Array.from({ length: 12 }, () => scene.openApp()))
  await Promise.all(apps.map((app) => app.unsafe('begin; select 1').simple()))
  scene.workspace.write({ 'go-again': '' })
  const error = errorOf(await running.done)
  await Promise.all(apps.map((app) => app.end()))
  assert.equal(error.code, 'pooler-in-the-way')
  assert.match(error.message, /moved this session from backend \d+ to \d+, away from its run lock/)
})
