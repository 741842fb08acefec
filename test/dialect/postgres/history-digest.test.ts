/** One digest stands for all rows where nothing is to be done; wherever it cannot, the rows are read as ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestDatabase, newestMajor, sharedPostgres, uniqueName } from '../../helpers/postgres.ts'
import { startProxy, type TrafficCounts } from '../../helpers/proxy.ts'
import { until } from '../../helpers/until.ts'
import { createScene, errorOf, eventsOf, type Scene, script, testEach } from './scene.ts'

const two = {
  '0001_a.sql': 'create table a (id integer);\n',
  '0002_b.sql': 'create table b (id integer);\n',
}

/** What `up` sends, with this many rows in history before. */
async function countUp(scene: Scene, url: string = scene.db.url()): Promise<TrafficCounts> {
  await using proxy = await startProxy(scene.db.server)
  const result = await scene.up(0, { SLIPWAY_DATABASE_URL: proxy.through(url) })
  assert.match(eventsOf(result).at(-1)?.msg ?? '', /^up to date/)
  return proxy.counts()
}

testEach('up to date is one query, skipped migrations and odd names included', async (major) => {
  await using scene = await createScene(major, {
    ...two,
    '0003_größe.sql': 'select 1;\n',
    '0004_\u{1f600}.sql': 'select 1;\n',
    '0004_\ue000.sql': 'select 1;\n',
    '0005_it\'s 100% "odd".sql': 'select 1;\n',
    '0006_other.ts': script('', "{ dialects: ['sqlite'] }"),
  })
  await scene.up(0)
  assert.ok((await scene.history()).includes('0006_other skipped'))
  const { queries } = await countUp(scene)
  assert.equal(queries.length, 1, queries.join('\n--\n'))
})

for (const encoding of ['LATIN1', 'SQL_ASCII'])
  test(`a database in ${encoding}`, async () => {
    const server = await sharedPostgres(newestMajor)
    const name = uniqueName('encoded')
    await server.query(
      'postgres',
      `create database ${name} template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`,
    )
    try {
      await using scene = await createScene(newestMajor, { ...two, '0003_größe.sql': 'select 1;\n' })
      const url = server.url(name)
      await scene.up(0, { SLIPWAY_DATABASE_URL: url })
      const { queries } = await countUp(scene, url)
      assert.equal(queries.length, 1, queries.join('\n--\n'))
    } finally {
      await server.dropDatabase(name)
    }
  })

testEach('an unfinished, an unknown or an edited row is seen', async (major) => {
  await using scene = await createScene(major, two)
  await scene.up(0)
  const history = 'public.schema_migrations'
  const changes = {
    unfinished: `update ${history} set state = 'started' where name = '0002_b'`,
    ahead: `insert into ${history} (name, checksum, applied_at, duration_ms, applied_by, runner_version, run_id, state, statements_done, breaking, source)
      select '0003_c', checksum, applied_at, duration_ms, applied_by, runner_version, run_id, state, statements_done, true, source from ${history} where name = '0002_b'`,
    changed: `update ${history} set checksum = replace(checksum, 'v1:', 'v1:0') where name = '0001_a'`,
  }
  const codes: unknown[] = []
  for (const change of Object.values(changes)) {
    await scene.db.query(`create table kept as table ${history}; ${change}`)
    const result = await scene.run(['up'])
    codes.push(result.code === 0 ? eventsOf(result).at(-1)?.msg : errorOf(result).code)
    await scene.db.query(
      `truncate ${history}, b; insert into ${history} overriding system value table kept; drop table kept`,
    )
  }
  assert.match(String(codes[0]), /^(unfinished|.*applied)/)
  assert.deepEqual(codes.slice(1), ['ahead-breaking', 'changed'])
})

testEach('a history that is locked does not hold up the connection', async (major) => {
  await using scene = await createScene(major, two)
  await scene.up(0)
  await using holder = await scene.db.connect()
  await holder.unsafe('begin; lock table public.schema_migrations in access exclusive mode')
  const running = scene.start(['up'])
  await running.waitForOutput(/"event":"connected"/)
  await until('slipway waits for the table', async () => {
    const rows = await scene.db.query(
      "select from pg_locks where relation = 'public.schema_migrations'::regclass and not granted",
    )
    return rows.length > 0 || undefined
  })
  await holder.unsafe('rollback')
  assert.equal((await running.done).code, 0)
})

testEach('a server that withholds a function is asked without it', async (major) => {
  await using scene = await createScene(major, two)
  await scene.up(0)
  const user = { user: uniqueName('plain'), password: 'not-a-secret-at-all' }
  await scene.db.query(`create role ${user.user} login password '${user.password}';
    grant select on public.schema_migrations, public.schema_migrations_log to ${user.user};
    revoke execute on function pg_catalog.ts_stat(text) from public`)
  try {
    const { queries } = await countUp(scene, scene.db.url(user))
    assert.ok(queries.length > 1)
  } finally {
    await scene.db.query(`drop owned by ${user.user}; drop role ${user.user}`)
  }
})

test('what is wrong with the folder is told without a database, and without a word of waiting for one', async () => {
  await using db = await createTestDatabase(newestMajor)
  await using scene = await createScene(newestMajor, { 'oops.sql': 'select 1;\n' })
  const nobody = db.url().replace(/:\d+\//, ':1/')
  for (const url of [db.url(), nobody]) {
    const result = await scene.up(66, { SLIPWAY_DATABASE_URL: url })
    assert.equal(errorOf(result).code, 'misnamed')
    assert.deepEqual(
      eventsOf(result).map(({ event }) => event),
      ['run-started', 'run-finished'],
    )
  }
  const rows = await db.query(
    "select from pg_stat_activity where application_name like 'slipway%' and datname = current_database()",
  )
  assert.equal(rows.length, 0)
})
