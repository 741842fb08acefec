/** Thirty runners at once, and twenty migrations that show how often each was run. */
import assert from 'node:assert/strict'
import { type SlipwayResult, slipway } from './cli.ts'
import type { TestDatabase } from './postgres.ts'

export const runners = 30
const migrations = 20

/** Every migration adds a row to a table that accepts doubles, so that a second run of it would show. */
export function counting(): Record<string, string> {
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

/** The runners are given `envs` in turn; `look` counts the applied migrations as each runner ends: none may end before the work is done. */
export async function startAll(
  envs: readonly Readonly<Record<string, string>>[],
  look: () => Promise<number>,
): Promise<SlipwayResult[]> {
  const start = async (n: number) => {
    const env = envs[n % envs.length] ?? {}
    const result = await slipway(['up'], { env, timeoutMs: 240_000 })
    assert.equal(await look(), migrations, `a runner ended with ${result.code} before the work was done`)
    return result
  }
  return Promise.all(Array.from({ length: runners }, (_, n) => start(n)))
}

export function requireAllDone(results: readonly SlipwayResult[]): void {
  const failed = results.filter(({ code }) => code !== 0)
  assert.equal(
    failed.length,
    0,
    failed.map(({ code, signal, stderr }) => `${code ?? signal}: ${stderr}`).join('\n'),
  )
}

export const expected: readonly string[] = Object.keys(counting())
  .slice(1)
  .map((file) => file.replace(/\.\w+$/, ''))

/** Each migration once, in order, and nobody left with the lock. */
export async function requireDoneOnce(db: TestDatabase): Promise<void> {
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
}
