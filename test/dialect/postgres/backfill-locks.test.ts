/** Backfills among others: the app's locks, a stop, runners that wait, rows that are hidden. */
import assert from 'node:assert/strict'
import { until } from '../../helpers/until.ts'
import { withRole } from './role.ts'
import { createScene, eventsOf, script, testEach, testNewest } from './scene.ts'

const resumable = '{ transaction: false, resumable: true }'
const users = `create table users (id integer primary key, n integer not null default 0);
insert into users (id) select i from generate_series(1, 600) as i;`
const fill = (options = '') =>
  script(
    `await context.backfill({ table: 'users', set: 'n = n + 1', batch: { first: 100, max: 100 }, pause: '0', ${options} })`,
    resumable,
  )

testEach('a batch that meets a locked row is tried again, the others are not', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  scene.write({ '0002_fill.ts': fill() })
  await using app = await scene.db.connect()
  await app.unsafe('begin; select from users where id = 350 for update')
  const run = scene.start(['up'], { SLIPWAY_DDL_LOCK_TIMEOUT: '100ms' })
  await run.waitForOutput(/step-retrying.*55P03/)
  assert.deepEqual(await scene.db.query('select count(*)::int as done from users where n = 1'), [
    { done: 300 },
  ])
  await app.unsafe('commit')
  const result = await run.done
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(await scene.db.query('select distinct n from users'), [{ n: 1 }])
})

testNewest('SIGTERM ends it between or within batches, and the next run goes on', async (major) => {
  await using scene = await createScene(major, { '0001_users.sql': users })
  await scene.up(0)
  scene.write({ '0002_fill.ts': fill(`where: 'pg_sleep(0.005) is not null'`) })
  const run = scene.start(['up'])
  await until('some rows are done', async () => {
    const rows = await scene.db.query('select 1 from users where n = 1 limit 1')
    return rows.length > 0
  })
  run.kill('SIGTERM')
  const stopped = await run.done
  assert.equal(stopped.code, 143, stopped.stderr)
  const [half] = await scene.db.query<{ done: number }>('select count(*)::int as done from users where n = 1')
  assert.ok(half !== undefined && half.done < 600 && half.done % 100 === 0, `${half?.done}`)
  assert.deepEqual(await scene.history(), ['0001_users applied', '0002_fill started'])
  await scene.up(0)
  assert.deepEqual(await scene.db.query('select n, count(*)::int as rows from users group by n'), [
    { n: 1, rows: 600 },
  ])
})

testNewest('runners that wait see that it gets on', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': users,
    '0002_fill.ts': fill(`where: 'pg_sleep(0.01) is not null'`),
  })
  const first = scene.start(['up'])
  await first.waitForOutput(/"event":"progress"/)
  // Shorter than the backfill takes, longer than a batch.
  const second = await scene.run(['up'], { SLIPWAY_LOCK_TIMEOUT: '3s' })
  assert.equal(second.code, 0, second.stderr)
  assert.equal((await first.done).code, 0)
})

testNewest('the role of the run writes down how far it came', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': users,
    '0002_fill.ts': script(
      `await sql\`set role pg_monitor\`
      await context.backfill({ table: 'users', set: 'n = 1' })`,
      resumable,
    ),
  })
  const { stderr } = await scene.up(70)
  assert.match(stderr, /the migration works as pg_monitor; reset role before a backfill/)
})

testNewest('what row level security hides is not taken for nothing', async (major) => {
  await using scene = await createScene(major, {
    '0001_users.sql': `${users}
alter table users enable row level security;
alter table users force row level security;`,
    '0002_fill.ts': script(
      `log('done', await context.backfill({ table: 'users', set: 'n = 1' }))
        await context.createIndexConcurrently('users', 'n')`,
      resumable,
    ),
  })
  await withRole(scene.db, async ({ user, password }) => {
    await scene.db.query(`grant create on schema public to ${user}`)
    const result = await scene.up(0, {
      SLIPWAY_DATABASE_URL: scene.db.url({ user, password }),
      SLIPWAY_ECHO: 'true',
    })
    assert.deepEqual(eventsOf(result, 'migration-log')[0]?.data, { rows: 0, seen: 0 })
    assert.match(
      String(eventsOf(result, 'notice')[0]?.msg),
      /row level security of public\.users applies to .*: a backfill passes over the rows/,
    )
    assert.match(result.stderr, /create index concurrently/)
  })
})
