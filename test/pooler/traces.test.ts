/** What slipway leaves on a server connection that the app gets next: nothing, whatever a migration did there. */
import assert from 'node:assert/strict'
import type { Sql } from 'postgres'
import { script } from '../dialect/postgres/scene.ts'
import { uniqueName } from '../helpers/postgres.ts'
import { createPooledScene, type PooledScene, requireCode, testPooledEach } from './pooled-scene.ts'

/** One server connection, which everybody gets in turn. */
const onlyOne = { mode: 'transaction', settings: { default_pool_size: 1 } } as const

/** Everything that outlives a transaction there, and the connection itself. */
async function lookAround(app: Sql): Promise<Record<string, unknown>> {
  const [row] = await app.unsafe(`select pg_backend_pid() as pid, session_user::text, current_user::text,
  current_setting('role') as role, current_setting('search_path') as path,
  coalesce(current_setting('my.setting', true), '') as custom,
  (select jsonb_object_agg(name, setting) from pg_settings where source = 'session') as settings,
  (select jsonb_agg(name order by name) from pg_prepared_statements) as statements,
  (select jsonb_agg(name) from pg_cursors where is_holdable) as cursors,
  (select jsonb_agg(channel) from pg_listening_channels() as channel) as channels,
  (select jsonb_agg(relname) from pg_class where relnamespace = pg_my_temp_schema()) as temporary,
  (select jsonb_agg(concat_ws(' ', classid, objid, objsubid, mode)) from pg_locks
   where locktype = 'advisory' and pid = pg_backend_pid()) as locks`)
  return { ...row }
}

/** The app left something there itself, which is to stay as it is. */
async function openMessyApp(scene: PooledScene): Promise<Sql & AsyncDisposable> {
  const app = await scene.openApp()
  await app.unsafe("set work_mem = '7MB'; set datestyle = 'German'; prepare mine as select 1").simple()
  await app.unsafe('select pg_advisory_lock(77), pg_advisory_lock_shared(7, -7)').simple()
  return app
}

testPooledEach('the verbs that look leave nothing, however often', async (major) => {
  await using scene = await createPooledScene(major, onlyOne, { '0001_first.sql': 'select 1' })
  await using app = await openMessyApp(scene)
  const before = await lookAround(app)
  const looks = ['status', 'history --all', 'verify', 'up --dry-run', 'wait --timeout 1s']
  for (let n = 0; n < 2; n++)
    for (const verb of looks) {
      requireCode(await scene.run(verb.split(' ')), verb.startsWith('wait') ? 3 : 0)
      assert.deepEqual(await lookAround(app), before, verb)
    }
  await scene.up(0)
  for (let n = 0; n < 2; n++)
    for (const verb of [...looks, 'up']) {
      requireCode(await scene.run(verb.split(' ')), 0)
      assert.deepEqual(await lookAround(app), before, verb)
    }
})

const leftovers: Readonly<Record<string, string>> = {
  settings:
    "set statement_timeout = '4s'; set search_path = ''; set timezone = 'Asia/Tokyo'; set my.setting = 'x'; set application_name = 'migration'",
  'a setting taken back': 'reset work_mem',
  'all settings taken back': 'reset all',
  'an encoding': "set client_encoding = 'LATIN1'",
  'defaults of transactions':
    "set default_transaction_read_only = on; set default_transaction_isolation = 'serializable'",
  'prepared statements': 'prepare "a b" as select 1; prepare other as select 2',
  'advisory locks':
    'select pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock_shared(-1), pg_advisory_lock(2, -3), pg_advisory_xact_lock(9)',
  'a lock that was there, once more': 'select pg_advisory_xact_lock(77)',
  'a temporary table': 'create temporary table temporary_table (n int)',
  'a cursor on a temporary table':
    'create temporary table t (n int); declare kept cursor with hold for select * from t',
  'a channel': 'listen something',
  'another role': 'set role ROLE',
  'another user': 'set session authorization ROLE',
}

testPooledEach('nothing that a migration leaves there stays, done or failed', async (major) => {
  await using scene = await createPooledScene(major, onlyOne)
  const role = uniqueName('owner')
  await scene.db.query(`create role ${role}`)
  await scene.db.query(`grant usage on schema public to ${role}`)
  try {
    await using app = await openMessyApp(scene)
    const before = await lookAround(app)
    const texts = Object.values(leftovers).map((text) => text.replace('ROLE', role))
    const files = texts.flatMap((text, n) => {
      const version = String(n + 1).padStart(4, '0')
      return [
        [`${version}_sql.sql`, text],
        [`${version}_script.ts`, script(`await sql.raw(${JSON.stringify(text)})`)],
      ]
    })
    scene.write(Object.fromEntries(files))
    await scene.up(0)
    assert.equal((await scene.history()).length, 2 * texts.length)
    assert.deepEqual(await lookAround(app), before)
    scene.write({
      '2001_fails.sql': `${texts.join(';\n').replace('declare kept', 'declare again')};\nselect 1 / 0;`,
    })
    await scene.up(70)
    assert.deepEqual(await lookAround(app), before)
  } finally {
    await scene.db.query(`drop owned by ${role}`)
    await scene.db.query(`drop role ${role}`)
  }
})

testPooledEach('nothing that others left there reaches a migration', async (major) => {
  await using scene = await createPooledScene(major, onlyOne, {
    '0001_t.sql': "create table t (made text default 'for real'); insert into t default values;",
    '0002_looks.sql': `create table seen as
select current_setting('search_path') as path, current_setting('work_mem') as work_mem,
  current_setting('statement_timeout') as timeout, current_setting('client_encoding') as encoding,
  current_user::text as role, t.made, 'ä'::text as umlaut from t;`,
  })
  // What a reset leads back to, where the pooler has not asked for another one.
  await scene.db.query(`alter database "${scene.db.name}" set client_encoding = 'LATIN1'`)
  await scene.up(0, scene.direct)
  const [direct] = await scene.db.query('select * from seen')
  await scene.db.query('drop table seen, t, schema_migrations, schema_migrations_log')
  await using app = await openMessyApp(scene)
  await app.unsafe(`create temporary table t (made text); insert into t values ('temporary')`).simple()
  await app.unsafe(`set search_path = pg_temp, public; set statement_timeout = '11s'`).simple()
  // Where the history is depends on the search_path, unless it is said.
  await scene.up(0, { SLIPWAY_SCHEMA: 'public' })
  const [pooled] = await scene.db.query('select * from seen')
  assert.deepEqual(pooled, direct)
})

testPooledEach('what the pooler itself set up on its connections stays', async (major) => {
  await using prepared = await createPooledScene(major, {
    ...onlyOne,
    connectQuery: 'set work_mem = 7168; set lock_timeout = 3210',
  })
  await using app = await prepared.openApp()
  const before = await lookAround(app)
  assert.match(JSON.stringify(before), /"lock_timeout":"3210"/)
  prepared.write({ '0001_a.sql': 'reset all; create table a ();', '0002_b.sql': 'select 1 / 0;' })
  await prepared.up(70)
  assert.deepEqual(await lookAround(app), before)
})
