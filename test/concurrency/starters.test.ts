/** Thirty runners at once: each migration exactly once, every runner succeeds, none before the work is done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SlipwayResult, slipway, startSlipway } from '../helpers/cli.ts'
import { createTestDatabase, postgresMajors } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

const runners = 30
const migrations = 20

/** Every migration adds a row to a table that accepts doubles, so that a second run of it would show. */
function counting(): Record<string, string> {
  const files: Record<string, string> = {
    '0000_counter.sql': 'create table counter (migration text not null);',
  }
  for (let n = 1; n < migrations; n++) {
    const name = `${String(n).padStart(4, '0')}_step`
    if (n % 2 === 0)
      files[`${name}.sql`] = `insert into counter values ('${name}');\ncreate table t${n} (id integer);`
    else
      files[`${name}.ts`] = `import type { Migration } from 'slipway'
export const up: Migration = async ({ sql }) => {
  await sql\`create table t${n} (id integer)\`
  await sql\`insert into counter values (\${'${name}'})\`
}
`
  }
  return files
}

/** `look` counts the applied migrations as each runner ends: none may end before the work is done. */
async function startAll(env: Record<string, string>, look: () => Promise<number>): Promise<SlipwayResult[]> {
  const start = async () => {
    const result = await slipway(['up'], { env, timeoutMs: 240_000 })
    assert.equal(await look(), migrations, `a runner ended with ${result.code} before the work was done`)
    return result
  }
  return Promise.all(Array.from({ length: runners }, start))
}

function requireAllDone(results: readonly SlipwayResult[]): void {
  const failed = results.filter(({ code }) => code !== 0)
  assert.equal(
    failed.length,
    0,
    failed.map(({ code, signal, stderr }) => `${code ?? signal}: ${stderr}`).join('\n'),
  )
}

const expected = Object.keys(counting())
  .slice(1)
  .map((file) => file.replace(/\.\w+$/, ''))

for (const major of postgresMajors) {
  test(`${runners} runners on an empty PostgreSQL ${major} database`, async () => {
    using workspace = createWorkspace()
    await using db = await createTestDatabase(major)
    const dir = writeMigrations(workspace, counting())
    const look = async () => {
      const rows = await db.query("select 1 from schema_migrations where state = 'applied'")
      return rows.length
    }
    requireAllDone(await startAll({ SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir }, look))
    const effects = await db.query<{ migration: string }>('select migration from counter order by 1')
    assert.deepEqual(
      effects.map(({ migration }) => migration),
      expected,
    )
    const rows = await db.query<{ name: string; state: string }>(
      'select name, state from schema_migrations order by id',
    )
    assert.deepEqual(
      rows,
      ['0000_counter', ...expected].map((name) => ({ name, state: 'applied' })),
    )
    const locks = await db.query(
      "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    )
    assert.equal(locks.length, 0)
  })
}

test(`${runners} runners on one missing SQLite file`, async () => {
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, counting())
  const file = workspace.path('app.db')
  const look = async () => readSqlite(file, "select 1 from schema_migrations where state = 'applied'").length
  requireAllDone(await startAll({ SLIPWAY_DATABASE_URL: `sqlite://${file}`, SLIPWAY_DIR: dir }, look))
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
