/** Tenants in schemas of one database, and what became of each. */
import { type SlipwayOptions, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../helpers/workspace.ts'

export interface TenantScene {
  readonly workspace: Workspace
  readonly db: TestDatabase
  /** Runs with the database's URL, on a plain log. */
  run(args: readonly string[], env?: SlipwayOptions['env']): ReturnType<typeof slipway>
}

export async function tenantScene(
  files: Readonly<Record<string, string>>,
  schemas: readonly string[],
  work: (scene: TenantScene) => Promise<void>,
  major = newestMajor,
): Promise<void> {
  await using db = await createTestDatabase(major)
  using workspace = createWorkspace()
  writeMigrations(workspace, files)
  await createSchemas(db, schemas)
  const run: TenantScene['run'] = (args, env = {}) =>
    slipway(args, { cwd: workspace.dir, env: environment(db, env) })
  await work({ workspace, db, run })
}

export function environment(db: TestDatabase, env: SlipwayOptions['env'] = {}) {
  return { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_LOG_FORMAT: 'pretty', ...env }
}

export async function createSchemas(db: TestDatabase, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) await db.query(`create schema ${quote(schema)}`)
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** By schema, what its history has; schemas without one are absent. */
export async function readHistories(db: TestDatabase): Promise<Record<string, string[]>> {
  const schemas = await db.query<{ schema: string }>(
    `select n.nspname as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relname = 'schema_migrations' order by 1`,
  )
  const histories: Record<string, string[]> = {}
  for (const { schema } of schemas) {
    const rows = await db.query<{ name: string }>(
      `select name from ${quote(schema)}.schema_migrations where state = 'applied' order by id`,
    )
    histories[schema] = rows.map(({ name }) => name)
  }
  return histories
}

/** `{"event":…}` lines, as far as they are whole. */
export function readLines(stderr: string): Record<string, unknown>[] {
  return stderr
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
