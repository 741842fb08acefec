/** Settings and privileges of a role or a database that slipway has to live with. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type SlipwayResult, slipway } from '../../helpers/cli.ts'
import { newestMajor, uniqueName, withDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

async function run(args: string[], sql: string, env: Record<string, string>): Promise<SlipwayResult> {
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, { '20260101000000_work.sql': sql })
  return await slipway(args, { env: { SLIPWAY_DIR: dir, ...env } })
}

for (const style of ['SQL, DMY', 'German', 'Postgres, MDY']) {
  it(`reads instants under DateStyle ${style}`, () =>
    withDatabase(newestMajor, async (db) => {
      await db.query(`alter database "${db.name}" set datestyle = '${style}'`)
      const env = { SLIPWAY_DATABASE_URL: db.url() }
      const up = await run(['up'], 'create table t (id integer)', env)
      assert.equal(up.code, 0, up.stderr)
      const { stdout } = await run(['history', '--json'], 'create table t (id integer)', env)
      assert.match(stdout, new RegExp(`"${new Date().getUTCFullYear()}-`))
    }))
}

it('lets a long statement finish where track_activities is off', () =>
  withDatabase(newestMajor, async (db) => {
    await db.query(`alter database "${db.name}" set track_activities = off`)
    const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_KEEPALIVE: '500ms' }
    const { code, stderr } = await run(['up'], 'select pg_sleep(4)', env)
    assert.equal(code, 0, stderr)
  }))

it('ends 69 where the database accepts no connections', () =>
  withDatabase(newestMajor, async (db) => {
    await db.server.query('postgres', `alter database "${db.name}" allow_connections false`)
    const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_WAIT_TIMEOUT: '1s' }
    const { code, stderr } = await run(['up'], 'select 1', env)
    assert.equal(code, 69, stderr)
    assert.match(stderr, /not currently accepting connections/)
  }))

it('alters a table that only a role taken in the migration can see', () =>
  withDatabase(newestMajor, async (db) => {
    const [owner, runner] = [uniqueName('owner'), uniqueName('runner')]
    await db.query(`create role ${owner}; create role ${runner} login password 'x' noinherit;
grant ${owner} to ${runner};
create schema hidden authorization ${owner}; create schema history authorization ${runner};
set role ${owner}; create table hidden.t (a integer)`)
    try {
      const url = db.url({ user: runner, password: 'x' })
      const env = { SLIPWAY_DATABASE_URL: url, SLIPWAY_SCHEMA: 'history' }
      const text = `set role ${owner};\nalter table hidden.t add column b integer;`
      const { code, stderr } = await run(['up'], text, env)
      assert.equal(code, 0, stderr)
    } finally {
      await db.query(`drop owned by ${owner}, ${runner} cascade; drop role ${owner}, ${runner}`)
    }
  }))
