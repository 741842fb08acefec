/** Going back on PostgreSQL: stopped, blocked, raced, cut off, and pointed at a replica. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { newestMajor } from '../../helpers/postgres.ts'
import { startPair } from '../../helpers/standby.ts'
import { until } from '../../helpers/until.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'
import { withRole } from './role.ts'
import { createScene, errorOf, eventsOf, testEach } from './scene.ts'

const slow = (statement: string) => ({
  '0001_a.sql': 'create table a (id integer);',
  '0002_b.sql': `-- migrate:up\ncreate table b (id integer);\n-- migrate:down\ndrop table b;\n${statement};\n`,
})
const isSleeping =
  "select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query ~ 'pg_sleep' and pid <> pg_backend_pid()"
const rows = ['0001_a applied', '0002_b applied']

testEach('SIGTERM in the middle of a down', async (major) => {
  await using scene = await createScene(major, slow('select pg_sleep(60)'))
  await scene.up(0)
  const running = scene.start(['down'])
  await until('it sleeps', async () => (await scene.db.query(isSleeping)).length > 0)
  running.kill('SIGTERM')
  const result = await running.done
  assert.equal(result.code, 143, result.stderr)
  assert.equal(errorOf(result).code, 'terminated')
  assert.deepEqual(await scene.history(), rows)
  await scene.db.query('select * from b')
})

testEach('a connection that is lost in the middle of a down', async (major) => {
  await using scene = await createScene(major, slow('select pg_sleep(60)'))
  await scene.up(0)
  const running = scene.start(['down'])
  await until('it sleeps', async () => (await scene.db.query(isSleeping)).length > 0)
  await scene.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query ~ 'pg_sleep' and pid <> pg_backend_pid() and datname = current_database()`,
  )
  const result = await running.done
  assert.equal(result.code, 75, result.stderr)
  assert.match(errorOf(result).message, /the connection was lost while the down of 0002_b ran/)
  assert.equal(errorOf(result).hint, 'run again: slipway down')
  assert.deepEqual(await scene.history(), rows)
})

testEach('a table that the app holds is waited for, briefly and again', async (major) => {
  await using scene = await createScene(major, slow('select 1'))
  await scene.up(0)
  await using app = await scene.db.connect()
  await app.unsafe('begin; lock table b in access share mode')
  const running = scene.start(['down'])
  await running.waitForOutput(/"event":"step-retrying"/)
  await app.unsafe('rollback')
  const result = await running.done
  assert.equal(result.code, 0, result.stderr)
  const [retry] = eventsOf(result, 'step-retrying')
  assert.equal(retry?.sqlstate, '55P03')
  assert.deepEqual(await scene.history(), ['0001_a applied'])
})

testEach('two at once revert one and the same, once', async (major) => {
  await using scene = await createScene(major, slow('select pg_sleep(2)'))
  await scene.up(0)
  const first = scene.start(['down'])
  await until('it sleeps', async () => (await scene.db.query(isSleeping)).length > 0)
  const second = await scene.run(['down'])
  assert.equal((await first.done).code, 0)
  assert.equal(second.code, 75, second.stderr)
  assert.equal(errorOf(second).code, 'transient')
  assert.match(errorOf(second).message, /what was shown is no longer what there is to revert/)
  assert.deepEqual(await scene.history(), ['0001_a applied'])
})

testEach('a script that ends the transaction is found out, and history says so', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': 'create table a (id integer);',
    '0002_b.ts': `export const up = async () => {}
export const down = async ({ sql }) => { await sql.raw('drop table a; commit; select 1') }
`,
  })
  await scene.up(0)
  const result = await scene.run(['down'])
  assert.equal(result.code, 79, result.stderr)
  assert.equal(errorOf(result).code, 'escaped')
  assert.match(
    errorOf(result).hint ?? '',
    /repair --finished 0002_b, when nothing of it was done: slipway repair --retry/,
  )
  assert.deepEqual(await scene.history(), ['0001_a applied', '0002_b started'])
  const again = await scene.run(['down'])
  assert.equal(again.code, 79)
  assert.match(errorOf(again).message, /the down of 0002_b did not finish/)
  assert.equal((await scene.run(['repair', '--finished', '0002', '--yes'])).code, 0)
  assert.deepEqual(await scene.history(), ['0001_a applied'])
})

testEach('what only a block drops or a function deletes is seen as it runs', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': `-- migrate:up
create table a (id integer);
-- migrate:down
do $$ begin execute 'drop table a'; end $$;
select * from nowhere;
`,
    '0002_b.sql': `-- migrate:up
create table b (id integer);
-- migrate:down
do $$ begin execute 'drop table b'; end $$;
`,
    '0003_c.sql': `-- migrate:up
create table c (id integer);
insert into c values (1), (2);
create function empty_c() returns void language sql as 'delete from c where id = 2';
-- migrate:down
select empty_c();
`,
  })
  await scene.up(0)
  const deleted = await scene.run(['down'])
  assert.equal(deleted.code, 79, deleted.stderr)
  assert.match(errorOf(deleted).message, /: 1 row of public\.c$/)
  await scene.db.query('delete from c where id = 2')
  assert.equal((await scene.run(['down'])).code, 0)
  await scene.db.query('insert into b values (1)')
  const refused = await scene.run(['down'])
  assert.equal(refused.code, 79, refused.stderr)
  assert.equal(errorOf(refused).code, 'data-loss')
  assert.match(errorOf(refused).message, /public\.b/)
  await scene.db.query('truncate b')
  assert.equal((await scene.run(['down'])).code, 0)
  const failed = await scene.run(['down'])
  assert.equal(failed.code, 70)
  assert.equal(errorOf(failed).line, 5)
})

testEach('rows are counted, partitions and cascades too, and large tables estimated', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': `-- migrate:up
create schema app;
create table app.one (id integer);
create table parted (id integer) partition by range (id);
create table part partition of parted for values from (0) to (10);
create table large (id integer, extra text) with (autovacuum_enabled = off);
-- migrate:down
drop schema app cascade;
drop table parted, absent;
truncate large;
alter table large drop column extra, drop column id;
`,
  })
  await scene.up(0)
  await scene.db.query(
    'insert into app.one values (1), (2); insert into parted values (1); insert into large select generate_series(1, 120000)',
  )
  await scene.db.query('analyze large')
  const dry = JSON.parse((await scene.run(['down', '--dry-run', '--json'])).stdout)
  assert.deepEqual(dry.steps[0].losses, [
    { kind: 'table', what: 'app.one', rows: 2, estimate: false },
    { kind: 'table', what: 'parted', rows: 1, estimate: false },
    { kind: 'watched', what: 'about absent, which is not there now', rows: null, estimate: false },
    { kind: 'rows', what: 'large', rows: 120000, estimate: true },
    { kind: 'column', what: 'large.extra', rows: 0, estimate: false },
    { kind: 'column', what: 'large.id', rows: 120000, estimate: true },
  ])
})

testEach('rows that a policy hides are not nothing', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': `-- migrate:up
create table a (id integer);
alter table a enable row level security;
alter table a force row level security;
create policy none on a using (false) with check (true);
insert into a values (1);
-- migrate:down
drop table a;
`,
    '0002_b.ts': `export const up = async ({ sql }) => {
  await sql.raw('create table b (id integer); alter table b enable row level security; alter table b force row level security')
  await sql.raw('create policy none on b using (false) with check (true); insert into b values (1)')
}
export const down = async ({ sql }) => { await sql\`drop table b\` }
`,
  })
  await withRole(scene.db, async (role) => {
    await scene.db.query(`grant create on schema public to ${role.user}`)
    const env = { SLIPWAY_DATABASE_URL: scene.db.url(role) }
    await scene.up(0, env)
    const seen = await scene.run(['down'], env)
    assert.equal(seen.code, 79, seen.stderr)
    assert.match(errorOf(seen).message, /public\.b with an unknown number of rows/)
    const read = await scene.run(['down', '--to', 'base'], env)
    assert.match(errorOf(read).message, /0001_a drops a with an unknown number of rows/)
  })
})

testEach('who may not take rows out of the history is told so before anything runs', async (major) => {
  await using scene = await createScene(major, slow('select 1'))
  await scene.up(0)
  const role = `limited_${scene.db.name}`
  await scene.db.query(
    `create role ${role}; grant usage, create on schema public to ${role}; grant select, insert, update on schema_migrations, schema_migrations_log to ${role}; alter table b owner to ${role}`,
  )
  try {
    const result = await scene.run(['down'], { SLIPWAY_ROLE: role })
    assert.equal(result.code, 77, result.stderr)
    assert.match(errorOf(result).hint ?? '', /grant select, insert, update, delete on/)
    await scene.db.query('select * from b')
  } finally {
    await scene.db.query(`drop owned by ${role}; drop role ${role}`)
  }
})

test('a replica', async () => {
  await using pair = await startPair(newestMajor)
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, slow('select 1'))
  const env = (url: string) => ({ SLIPWAY_DATABASE_URL: url, SLIPWAY_DIR: dir, SLIPWAY_WAIT_TIMEOUT: '1s' })
  const up = await slipway(['up'], { env: env(pair.primary.url()) })
  assert.equal(up.code, 0, up.stderr)
  await pair.caughtUp()
  const down = await slipway(['down'], { env: { ...env(pair.standby.url()), SLIPWAY_LOG_FORMAT: 'json' } })
  assert.equal(down.code, 69, down.stderr)
  assert.equal(errorOf(down).code, 'read-only')
})
