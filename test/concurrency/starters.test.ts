/** Thirty runners at once: each migration exactly once, every runner succeeds, none before the work is done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway, startSlipway } from '../helpers/cli.ts'
import { createTestDatabase, postgresMajors } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import {
  counting,
  expected,
  requireAllDone,
  requireDoneOnce,
  runners,
  startAll,
} from '../helpers/starters.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

for (const major of postgresMajors) {
  test(`${runners} runners on an empty PostgreSQL ${major} database`, async () => {
    using workspace = createWorkspace()
    await using db = await createTestDatabase(major)
    const dir = writeMigrations(workspace, counting())
    const look = async () => {
      const rows = await db.query("select 1 from schema_migrations where state = 'applied'")
      return rows.length
    }
    requireAllDone(await startAll([{ SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir }], look))
    await requireDoneOnce(db)
  })
}

test(`${runners} runners on one missing SQLite file`, async () => {
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, counting())
  const file = workspace.path('app.db')
  const look = async () => readSqlite(file, "select 1 from schema_migrations where state = 'applied'").length
  requireAllDone(await startAll([{ SLIPWAY_DATABASE_URL: `sqlite://${file}`, SLIPWAY_DIR: dir }], look))
  const effects = readSqlite(file, 'select migration from counter order by 1')
  assert.deepEqual(
    effects.map(({ migration }) => migration),
    expected,
  )
  const rows = readSqlite(file, 'select name, state from schema_migrations order by id')
  assert.deepEqual(
    rows,
    ['0000_counter', ...expected].map((name) => ({ name, state: 'applied' })),
  )
})

for (const major of postgresMajors.slice(-1)) {
  test('a failing migration is tried by one runner only, and no runner reports success', async () => {
    using workspace = createWorkspace()
    await using db = await createTestDatabase(major)
    const dir = writeMigrations(workspace, {
      '0001_tries.sql': 'create sequence tries;\ncreate table gate ();',
      '0002_fails.sql': "select nextval('tries');\nlock table gate in access share mode;\nselect 1 / 0;",
    })
    const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir, SLIPWAY_DDL_LOCK_TIMEOUT: '2m' }
    await slipway(['up', '--to', '0001_tries'], { env })
    await using gate = await db.connect()
    await gate.unsafe('begin; lock table gate')
    const running = Array.from({ length: 10 }, () => startSlipway(['up'], { env, timeoutMs: 120_000 }))
    await until('nine runners wait for the tenth', async () =>
      running.filter((one) => one.output().includes('waiting-for-lock')).length === 9 ? true : undefined,
    )
    await gate.unsafe('commit')
    const results = await Promise.all(running.map((one) => one.done))
    assert.deepEqual([...new Set(results.map(({ code }) => code))], [70])
    // A sequence is not rolled back, so it counts the attempts.
    const [tries] = await db.query<{ last_value: string }>('select last_value from tries')
    assert.equal(Number(tries?.last_value), 1)
    assert.equal(results.filter(({ stderr }) => stderr.includes('failed-elsewhere')).length, 9)
  })
}
