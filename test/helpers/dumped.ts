/** Databases that `dump --baseline` is tried on, and whether what it wrote makes the same one. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createMigrator, type Migrator } from '../../src/index.ts'
import { dumpCatalogue, dumpSqliteCatalogue } from './catalogue.ts'
import { slipway } from './cli.ts'
import { createTestDatabase, dumpedMajor } from './postgres.ts'
import { readSqlite, runSqlite } from './sqlite.ts'
import type { Workspace } from './workspace.ts'

export interface Target extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  query(text: string): Promise<Record<string, unknown>[]>
  describe(): Promise<string>
  change(text: string): Promise<unknown>
}

let count = 0

export const places: Readonly<Record<string, (workspace: Workspace) => Promise<Target>>> = {
  [`PostgreSQL ${dumpedMajor}`]: async () => {
    const db = await createTestDatabase(dumpedMajor)
    return {
      env: { SLIPWAY_DATABASE_URL: db.url() },
      query: (text) => db.query(text),
      describe: () => dumpCatalogue((text) => db.query(text)),
      change: (text) => db.query(text),
      [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
    }
  },
  SQLite: async (workspace) => {
    const file = workspace.path(`app${++count}.db`)
    return {
      env: { SLIPWAY_DATABASE_URL: `sqlite://${file}` },
      query: async (text) => readSqlite(file, text),
      describe: async () => dumpSqliteCatalogue(file),
      change: async (text) => runSqlite(file, text),
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

export const dump = async (workspace: Workspace, target: Target, ...args: string[]) => {
  const result = await slipway(args, { cwd: workspace.dir, env: target.env, timeoutMs: 120_000 })
  assert.equal(result.code, 0, `slipway ${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

/** All but baselines. */
export function archive(workspace: Workspace): void {
  const dir = workspace.path('migrations')
  mkdirSync(join(dir, 'old'))
  for (const name of readdirSync(dir))
    if (name !== 'old' && !name.startsWith('baseline.')) renameSync(join(dir, name), join(dir, 'old', name))
}

/** `empty` becomes what `whole` is. */
export async function expectSame(workspace: Workspace, whole: Target, empty: Target): Promise<void> {
  await up(workspace, empty)
  assert.deepEqual(
    asRestored(await empty.describe()).split('\n'),
    asRestored(await whole.describe()).split('\n'),
  )
  assert.deepEqual(await empty.query(rows), await whole.query(rows))
  for (const each of [whole, empty]) await check(workspace, each)
}

export async function up(workspace: Workspace, target: Target, to?: string): Promise<void> {
  await using migrator = await openMigrator(workspace, target)
  await migrator.up({ to })
}

/** Neither pending nor wrong. */
export async function check(workspace: Workspace, target: Target): Promise<void> {
  await using migrator = await openMigrator(workspace, target)
  assert.equal((await migrator.verify()).ok, true)
  assert.deepEqual((await migrator.plan()).steps, [])
}

function openMigrator(workspace: Workspace, { env }: Target): Promise<Migrator> {
  return createMigrator({ databaseUrl: env.SLIPWAY_DATABASE_URL, cwd: workspace.dir })
}

const rows = 'select name, checksum from schema_migrations order by name'

/** What PostgreSQL itself makes of its own texts; the first reads the same, the others are the defaults spelled out. */
const asRestored = (catalogue: string) =>
  catalogue
    .replace(
      '(ARRAY[0.5, 0.95])::double precision[]',
      'ARRAY[(0.5)::double precision, (0.95)::double precision]',
    )
    .replace(/(shop\.currency .* acl=)\{=U\/postgres,postgres=U\/postgres\}/, '$1')
    .replace('acl={postgres=arwdDxt/postgres} rls=t', 'acl= rls=t')
