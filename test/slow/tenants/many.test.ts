/** Two hundred tenants: two of them broken, then a run that is killed half-way, then shards side by side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSlipway } from '../../helpers/cli.ts'
import type { TestDatabase } from '../../helpers/postgres.ts'
import { until } from '../../helpers/until.ts'
import { environment, readLines, tenantScene } from '../../tenants/scene.ts'

const migrations = Object.fromEntries(
  Array.from({ length: 20 }, (_, index) => {
    const number = String(index + 1).padStart(4, '0')
    return [`${number}_step.sql`, `create table t${number} (id integer primary key, note text);`]
  }),
)
const broken = ['tenant_017', 'tenant_142']
const list = `select nspname from pg_namespace where nspname like 'tenant\\_%' order by 1`
const flags = ['up', '--concurrency', '8']
const env = { SLIPWAY_TENANTS: list, SLIPWAY_LOG_FORMAT: 'json' }

async function makeSchemas(db: TestDatabase): Promise<void> {
  await db.query(`do $$ begin
    for i in 0..199 loop execute format('create schema tenant_%s', lpad(i::text, 3, '0')); end loop;
  end $$`)
}

/** Of all histories together: rows, and how many of them were begun and not finished. */
async function countRows(db: TestDatabase): Promise<{ rows: number; runs: number; tenants: number }> {
  const found = await db.query<{ schema: string }>(
    `select n.nspname as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relname = 'schema_migrations'`,
  )
  if (found.length === 0) return { rows: 0, runs: 0, tenants: 0 }
  const all = found.map(
    ({ schema }) => `select '${schema}' as tenant, run_id, state from ${schema}.schema_migrations`,
  )
  const [counts] = await db.query<{ rows: number; runs: number; tenants: number }>(
    `select count(*)::int as rows, count(distinct run_id)::int as runs, count(distinct tenant)::int as tenants
     from (${all.join(' union all ')}) as h where state = 'applied'`,
  )
  return counts ?? { rows: 0, runs: 0, tenants: 0 }
}

const endsOf = (stderr: string) =>
  readLines(stderr).filter(({ event, tenant }) => event === 'run-finished' && tenant !== undefined)

test('198 are done, two are named, and running again touches only the two', () =>
  tenantScene(migrations, [], async ({ db, run }) => {
    await makeSchemas(db)
    // The eleventh migration stumbles over it.
    for (const schema of broken) await db.query(`create table ${schema}.t0011 (other integer)`)
    const first = await run(flags, env)
    assert.equal(first.code, 70, first.stderr.slice(-4000))
    const last = readLines(first.stderr).at(-1) as {
      tenants: object
      error: { message: string; reasons: { tenant: string; migration: string }[] }
    }
    assert.deepEqual(last.tenants, { migrated: 198, upToDate: 0, failed: 2, notDone: 0 })
    assert.deepEqual(last.error.reasons.map(({ tenant, migration }) => [tenant, migration]).sort(), [
      ['tenant_017', '0011_step'],
      ['tenant_142', '0011_step'],
    ])
    for (const tenant of broken)
      assert.match(last.error.message, new RegExp(`- ${tenant}: 0011_step failed .*"t0011" already exists`))
    assert.deepEqual(await countRows(db), { rows: 198 * 20 + 2 * 10, runs: 1, tenants: 200 })

    for (const schema of broken) await db.query(`drop table ${schema}.t0011`)
    const second = await run(flags, env)
    assert.equal(second.code, 0, second.stderr.slice(-4000))
    assert.deepEqual(
      endsOf(second.stderr)
        .map(({ tenant }) => tenant)
        .sort(),
      broken,
    )
    assert.deepEqual(await countRows(db), { rows: 4000, runs: 2, tenants: 200 })
  }))

test('killed half-way and run again by two shards at once: complete, and each migration ran once', () =>
  tenantScene(migrations, [], async ({ workspace, db }) => {
    await makeSchemas(db)
    const start = (more: Record<string, string> = {}) =>
      startSlipway(flags, { cwd: workspace.dir, env: environment(db, { ...env, ...more }) })
    const killed = start()
    await until('half of the tenants are done', async () => endsOf(killed.output()).length >= 90 || undefined)
    killed.kill('SIGKILL')
    await killed.done
    const before = await countRows(db)
    assert.ok(before.rows > 90 * 20 && before.rows < 4000, `${before.rows} rows`)

    const shards = await Promise.all(['1/2', '2/2'].map((shard) => start({ SLIPWAY_SHARD: shard }).done))
    const touched = shards.map(({ code, stderr }) => {
      assert.equal(code, 0, stderr.slice(-4000))
      return endsOf(stderr).map(({ tenant }) => String(tenant))
    })
    const [one = [], two = []] = touched
    assert.equal(new Set([...one, ...two]).size, one.length + two.length)
    assert.deepEqual(await countRows(db), { rows: 4000, runs: 3, tenants: 200 })
    // Of this database: others are at work beside it. A session ends a moment after its process.
    await until('no lock is left', async () => (await countLocks(db)) === 0)
  }))

async function countLocks(db: TestDatabase): Promise<number> {
  const [{ left } = { left: -1 }] = await db.query<{ left: number }>(
    `select count(*)::int as left from pg_locks
     where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
  )
  return left
}
