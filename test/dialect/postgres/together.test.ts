/** `up --single-transaction` on PostgreSQL: what one migration leaves in the transaction is not seen by the next. */
import assert from 'node:assert/strict'
import { startProxy } from '../../helpers/proxy.ts'
import { createScene, errorOf, eventsOf, type Scene, script, testEach } from './scene.ts'

const args = ['up', '--single-transaction']

async function upTogether(scene: Scene, code: number, env = {}) {
  const result = await scene.run(args, env)
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`)
  return result
}

const witness = `insert into witness
select current_user::text, current_setting('search_path'), current_setting('statement_timeout'), current_setting('lock_timeout'),
  (select count(*) from pg_listening_channels()), (select count(*) from pg_cursors where name = 'kept'), (select origin from shown);`

const leftovers = [
  "set search_path = ''",
  'set local role pg_monitor',
  "set statement_timeout = '7s'",
  "set local lock_timeout = '7s'",
  'listen something',
  'declare kept cursor with hold for select 1',
  "create temporary table shown (origin text); insert into shown values ('temporary')",
]

testEach('nothing that a migration leaves behind reaches the next one', async (major) => {
  await using scene = await createScene(major, {
    '0000_set_up.sql': `create table witness (role text, path text, timeout text, lock text, channels int, cursors int, origin text);
create table shown (origin text);
insert into shown values ('real');`,
    '0001_before.sql': witness,
    ...Object.fromEntries(
      leftovers.flatMap((text, index) => [
        [`${String(10 + 2 * index)}0_leave.sql`, text],
        [`${String(11 + 2 * index)}0_notice.sql`, witness],
      ]),
    ),
  })
  await upTogether(scene, 0)
  const rows = await scene.db.query('select distinct * from witness')
  assert.equal(rows.length, 1, JSON.stringify(rows))
  assert.equal(rows[0]?.origin, 'real')
  assert.equal((await scene.db.query('select from witness')).length, leftovers.length + 1)
})

testEach('deferrable constraints begin each migration as they were declared', async (major) => {
  const parents = `create table parent (id int primary key);
create table deferred (id int references parent deferrable initially deferred);
create table immediate (id int references parent deferrable initially immediate);`
  await using scene = await createScene(major, {
    '0001_parents.sql': parents,
    // Allowed only while its constraint is deferred.
    '0002_deferred.sql': 'insert into deferred values (1);\ninsert into parent values (1);',
    // Allowed only if the constraint's trigger has fired at once: pending trigger events forbid ALTER TABLE (55006).
    '0003_immediate.sql': 'insert into immediate values (1);\nalter table immediate add column more int;',
    '0004_again.sql': 'insert into deferred values (2);\ninsert into parent values (2);',
  })
  await upTogether(scene, 0)
  assert.equal((await scene.history()).length, 4)
  scene.write({ '0005_broken.sql': 'insert into deferred values (9);', '0006_after.sql': 'select 1;' })
  const error = errorOf(await upTogether(scene, 70))
  assert.match(error.message, /^0005_broken failed.*foreign key/)
  assert.equal((await scene.history()).length, 4)
})

testEach('durations in history are those of each', async (major) => {
  await using scene = await createScene(major, {
    '0001_slow.sql': 'select pg_sleep(1.2);',
    '0002_quick.sql': 'select 1;',
  })
  await upTogether(scene, 0)
  const rows = await scene.db.query<{ slow: boolean }>(
    'select duration_ms >= 1000 as slow from schema_migrations order by id',
  )
  assert.deepEqual(
    rows.map(({ slow }) => slow),
    [true, false],
  )
})

testEach('a lock that is not free: all is rolled back and tried again as a whole', async (major) => {
  for (const second of ['sql', 'ts']) {
    await using scene = await createScene(major, {
      '0001_other.sql': 'create table other (n int);\ninsert into other values (1);',
      [`0002_busy.${second}`]:
        second === 'sql'
          ? 'alter table busy add column more int;'
          : script('await sql`alter table busy add column more int`'),
    })
    await scene.db.query('create table busy (n int)')
    await using reader = await scene.db.connect()
    await reader.unsafe('begin; lock table busy in access share mode')
    const running = scene.start(args, { SLIPWAY_DDL_LOCK_TIMEOUT: '50ms' })
    await running.waitForOutput(/step-retrying[\s\S]*step-retrying/)
    assert.deepEqual(await scene.history(), [])
    await reader.unsafe('rollback')
    const result = await running.done
    assert.equal(result.code, 0, result.stderr)
    assert.deepEqual(await scene.history(), ['0001_other applied', '0002_busy applied'])
    assert.equal((await scene.db.query('select from other')).length, 1)
    const [retry] = eventsOf(result, 'step-retrying') as unknown as {
      sqlstate: string
      blockers: unknown[]
    }[]
    assert.equal(retry?.sqlstate, '55P03')
    assert.equal(retry?.blockers.length, 1)
    // The locks that SQL needs are taken before any of it works; what a script needs shows only as it runs.
    const begun = eventsOf(result, 'step-started').map(({ migration }) => migration)
    assert.equal(begun.filter((name) => name === '0001_other').length > 1, second === 'ts')
  }
})

testEach('patience ends with the error that names who is in the way', async (major) => {
  await using scene = await createScene(major, {
    '0001_other.sql': 'create table other (n int);',
    '0002_busy.sql': 'alter table busy add column more int;',
  })
  await scene.db.query('create table busy (n int)')
  await using reader = await scene.db.connect()
  await reader.unsafe("begin; set application_name = 'the app'; lock table busy in access share mode")
  const result = await upTogether(scene, 75, { SLIPWAY_DDL_LOCK_TIMEOUT: '50ms', SLIPWAY_DDL_RETRY_FOR: '0' })
  const error = errorOf(result)
  assert.equal(error.code, 'ddl-lock-timeout')
  assert.match(error.message, /held up by pid \d+ \(the app\)/)
  assert.match(result.stderr, /nothing was applied; exit 75/)
})

testEach('a commit that slips through: history tells which are there', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': 'create table a (n int);',
    '0002_escapes.ts': script('await sql.raw("create table b (n int); commit; select 1")'),
    '0003_c.sql': 'create table c (n int);',
  })
  const result = await upTogether(scene, 79)
  assert.equal(errorOf(result).code, 'escaped')
  assert.deepEqual(await scene.history(), ['0001_a applied', '0002_escapes started'])
  const [last] = eventsOf(result, 'run-finished')
  assert.deepEqual([last?.applied, last?.pending], [['0001_a'], ['0002_escapes', '0003_c']])
  assert.match(
    String(last?.msg),
    /0002_escapes ended its own transaction, so part of it may be committed; 1 migration before it stays applied/,
  )
})

testEach('an enum value that the same run adds', async (major) => {
  const add = { '0001_type.sql': "create type mood as enum ('calm');\ncreate table t (m mood);" }
  const [use, code] = [
    "insert into t values ('stormy');",
    script('await sql`insert into t values (${"stormy"}::mood)`'),
  ]
  const more = "alter type mood add value if not exists 'stormy' after 'calm';"
  // Made before: the use is seen in SQL and refused by name, in a script it fails with the way out.
  await using scene = await createScene(major, add)
  await scene.up(0)
  scene.write({ '0002_add.sql': more, '0003_use.sql': use })
  const error = errorOf(await upTogether(scene, 64))
  assert.match(
    error.message,
    /^0003_use cannot be part of a single transaction: it uses 'stormy', and the same run adds 'stormy' to mood/,
  )
  assert.deepEqual(await scene.history(), ['0001_type applied'])
  scene.workspace.write({ 'migrations/0003_use.sql': undefined })
  scene.write({ '0003_use.ts': code })
  const failure = errorOf(await upTogether(scene, 70))
  assert.deepEqual(
    [failure.sqlstate, failure.hint?.replace(/:.*/, '')],
    ['55P04', 'run it without --single-transaction'],
  )
  await scene.up(0)

  // Made in the same run: PostgreSQL 17 and later can.
  await using fresh = await createScene(major, { ...add, '0002_add.sql': more, '0003_use.sql': use })
  await upTogether(fresh, major >= 17 ? 0 : 64)
})

testEach('a notice is told of the migration that caused it', async (major) => {
  await using scene = await createScene(major, {
    '0001_quiet.sql': 'create table a (n int);',
    '0002_loud.sql': 'create table if not exists a (n int);',
  })
  const notices = eventsOf(await upTogether(scene, 0), 'notice')
  assert.deepEqual(
    notices.map(({ migration }) => migration),
    ['0002_loud'],
  )
})

testEach('a connection that ends in the middle: nothing is applied', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': 'create table a (n int);',
    '0002_sleeps.sql': 'select pg_sleep(30);',
  })
  const running = scene.start(args)
  await running.waitForOutput(/step-started.*0002_sleeps/)
  await scene.db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'slipway/%'",
  )
  const result = await running.done
  assert.equal(result.code, 75, result.stderr)
  assert.match(result.stderr, /2 migrations in one transaction, not confirmed: the server rolls back/)
  assert.deepEqual(await scene.history(), [])
})

testEach('COMMIT is executed and its answer lost: history says that all are applied', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': 'create table a (n int);',
    '0002_b.sql': 'create table b (n int);',
  })
  await using proxy = await startProxy(scene.db.server)
  const cut = proxy.cutAfterCommit({ having: /'0002_b'/ })
  const result = await upTogether(scene, 0, { SLIPWAY_DATABASE_URL: proxy.through(scene.db.url()) })
  await cut
  assert.match(result.stderr, /the connection ended before COMMIT was answered; history says it is applied/)
  assert.deepEqual(eventsOf(result, 'run-finished')[0]?.applied, ['0001_a', '0002_b'])
  assert.deepEqual(await scene.history(), ['0001_a applied', '0002_b applied'])
})
