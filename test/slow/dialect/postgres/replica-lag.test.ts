/** A backfill with `maxLag` and a replica that does not keep up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventsOf, script } from '../../../dialect/postgres/scene.ts'
import { slipway, startSlipway } from '../../../helpers/cli.ts'
import { newestMajor } from '../../../helpers/postgres.ts'
import { startPair } from '../../../helpers/standby.ts'
import { until } from '../../../helpers/until.ts'
import { createWorkspace, writeMigrations } from '../../../helpers/workspace.ts'

const users = `create table users (id integer primary key, n integer not null default 0);
insert into users (id) select i from generate_series(1, 600) as i;`
const fill = script(
  `await context.backfill({ table: 'users', set: 'n = n + 1', batch: { first: 100, max: 100 }, pause: '0', maxLag: '500ms' })`,
  '{ transaction: false, resumable: true }',
)

test('waits for a replica that is too far behind', async () => {
  await using pair = await startPair(newestMajor)
  const { primary, standby } = pair
  const name = await primary.createDatabase()
  using workspace = createWorkspace()
  const env = {
    SLIPWAY_DATABASE_URL: primary.url(name),
    SLIPWAY_DIR: writeMigrations(workspace, {
      '0001_users.sql': users,
      '0002_fill.ts': fill,
    }),
    SLIPWAY_LOG_FORMAT: 'json',
  }
  assert.equal((await slipway(['up', '--to', '0001'], { env })).code, 0)
  await pair.caughtUp()
  await standby.query('postgres', 'select pg_wal_replay_pause()')
  await primary.query(name, 'create table behind (id integer)')
  await until('the primary sees the lag', async () => {
    const [row] = await primary.query<{ ms: number | null }>(
      name,
      "select date_part('epoch', replay_lag) * 1000 as ms from pg_stat_replication",
    )
    // A replica that only replies every ten seconds replies at once to something new.
    await primary.query(name, 'insert into behind values (1)')
    return Number(row?.ms) > 1000
  })
  const run = startSlipway(['up'], { env })
  await run.waitForOutput(/waiting for replicas/)
  assert.deepEqual(await primary.query(name, 'select distinct n from users'), [{ n: 0 }])
  await standby.query('postgres', 'select pg_wal_replay_resume()')
  const result = await run.done
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(await primary.query(name, 'select distinct n from users'), [{ n: 1 }])
  assert.equal(eventsOf(result, 'warning').length, 0)
})
