/** `wait`: blocks until somebody else has done the work, and says which way it ended. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RunningSlipway, slipway, startSlipway } from '../helpers/cli.ts'
import { freePort } from '../helpers/ports.ts'
import { createTestDatabase, newestMajor, startPostgres } from '../helpers/postgres.ts'
import { readSqlite, runSqlite } from '../helpers/sqlite.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const migrations = {
  'migrations/0001_a.sql': 'create table a (id integer);',
  'migrations/0002_b.sql': 'create table b (id integer);',
}
const codeOf = ({ stderr }: { stderr: string }) =>
  JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '{}').error?.code

/** Both databases behind one face; `table` names the tables a reader must not make. */
const databases = {
  PostgreSQL: async () => {
    const db = await createTestDatabase(newestMajor)
    return {
      url: db.url(),
      tables: async () =>
        (await db.query("select relname from pg_class where relnamespace = 'public'::regnamespace")).length,
      [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
    }
  },
  SQLite: async () => {
    const workspace = createWorkspace()
    const file = workspace.path('app.db')
    runSqlite(file, 'pragma user_version = 1')
    return {
      url: `sqlite:${file}`,
      tables: async () => readSqlite(file, 'select name from sqlite_schema').length,
      [Symbol.asyncDispose]: async () => workspace[Symbol.dispose](),
    }
  },
} as const

/** It has looked at least once, so that what happens next happens while it waits. */
const untilConnected = (running: RunningSlipway) => running.waitForOutput(/"event":"connected"/)

for (const [dialect, open] of Object.entries(databases))
  describe(dialect, () => {
    test('blocks while part of the work is missing, ends when all is done, writes nothing', async () => {
      await using db = await open()
      using workspace = createWorkspace(migrations)
      const options = { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: db.url } }
      const waiting = startSlipway(['wait'], options)
      await untilConnected(waiting)
      assert.equal(await db.tables(), 0)
      assert.equal((await slipway(['up', '--steps', '1'], options)).code, 0)
      const short = await slipway(['wait', '--timeout', '100ms'], options)
      assert.deepEqual([short.code, codeOf(short)], [3, 'pending'], short.stderr)
      assert.match(short.stderr, /still pending: 0002_b/)
      assert.equal((await slipway(['up'], options)).code, 0)
      const { code, stdout } = await waiting.done
      assert.deepEqual([code, stdout], [0, ''], waiting.output())
    })

    test('the awaited run fails: 70, and which migration', async () => {
      await using db = await open()
      using workspace = createWorkspace({
        ...migrations,
        'migrations/0002_b.ts': 'export const up = async () => { throw new Error("not today") }\n',
      })
      workspace.write({ 'migrations/0002_b.sql': undefined })
      const options = { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: db.url } }
      const waiting = startSlipway(['wait'], options)
      await untilConnected(waiting)
      assert.equal((await slipway(['up'], options)).code, 70)
      const result = await waiting.done
      assert.deepEqual([result.code, codeOf(result)], [70, 'failed-elsewhere'], result.stderr)
      assert.match(result.stderr, /0002_b failed: not today/)
    })

    test('a failure of yesterday does not end it', async () => {
      await using db = await open()
      using workspace = createWorkspace({
        'migrations/0001_a.ts': 'export const up = async () => { throw new Error("not today") }\n',
      })
      const options = { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: db.url } }
      assert.equal((await slipway(['up'], options)).code, 70)
      const result = await slipway(['wait', '--timeout', '700ms'], options)
      assert.deepEqual([result.code, codeOf(result)], [3, 'pending'], result.stderr)
    })

    test('an edited file is a reason to stop, not to wait', async () => {
      await using db = await open()
      using workspace = createWorkspace(migrations)
      const options = { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: db.url } }
      assert.equal((await slipway(['up'], options)).code, 0)
      workspace.write({ 'migrations/0001_a.sql': 'create table a (id bigint);' })
      const result = await slipway(['wait', '--timeout', '20s'], options)
      assert.deepEqual([result.code, codeOf(result)], [65, 'changed'], result.stderr)
    })
  })

test('never answered: 69', async () => {
  using workspace = createWorkspace(migrations)
  const env = { SLIPWAY_DATABASE_URL: `postgres://u@127.0.0.1:${await freePort()}/d` }
  for (const more of [[], ['--for', 'database']]) {
    const result = await slipway(['wait', '--timeout', '300ms', ...more], { cwd: workspace.dir, env })
    assert.deepEqual([result.code, codeOf(result)], [69, 'unreachable'], result.stderr)
  }
})

test('--for database ends when the server answers, whatever the migrations; it needs no folder', async () => {
  await using server = await startPostgres({ major: newestMajor })
  using workspace = createWorkspace()
  await server.stop('fast')
  const waiting = startSlipway(['wait', '--for', 'database'], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: server.url() },
  })
  await waiting.waitForOutput(/"event":"waiting-for-database"/)
  await server.start()
  assert.equal((await waiting.done).code, 0, waiting.output())
})

test('the server restarts while it waits: it goes on waiting', async () => {
  await using server = await startPostgres({ major: newestMajor })
  using workspace = createWorkspace(migrations)
  const options = { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: server.url() } }
  const waiting = startSlipway(['wait'], options)
  await untilConnected(waiting)
  await server.stop('immediate')
  await waiting.waitForOutput(/"event":"waiting-for-database"/)
  await server.start()
  assert.equal((await slipway(['up'], options)).code, 0)
  assert.equal((await waiting.done).code, 0, waiting.output())
})
