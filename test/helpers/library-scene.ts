/** A migrator on both kinds of database, in a workspace of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMigrator,
  type Migrator,
  type MigratorOptions,
  type RunEvent,
  SlipwayError,
} from '../../src/index.ts'
import { createTestDatabase, newestMajor } from './postgres.ts'
import { runSqlite } from './sqlite.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

export interface Scene {
  readonly dialect: 'postgres' | 'sqlite'
  readonly workspace: Workspace
  readonly url: string
  readonly events: RunEvent[]
  open(options?: MigratorOptions): Promise<Migrator>
  /** Runs SQL on the database, besides slipway. */
  exec(text: string): Promise<void>
}

export const twoTables = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_b.ts':
    "export const up = async ({ sql, log }) => { await sql`create table b (id integer)`; log('made b') }\n",
}

export function testBoth(
  name: string,
  work: (scene: Scene) => Promise<void>,
  written: Readonly<Record<string, string>> = twoTables,
): void {
  const sceneAt = (workspace: Workspace, url: string, exec: Scene['exec']): Scene => {
    const events: RunEvent[] = []
    return {
      dialect: url.startsWith('sqlite') ? 'sqlite' : 'postgres',
      workspace,
      url,
      events,
      exec,
      open: (options = {}) =>
        createMigrator({
          databaseUrl: url,
          cwd: workspace.dir,
          onEvent: (event) => events.push(event),
          ...options,
        }),
    }
  }
  test(`SQLite: ${name}`, async () => {
    using workspace = createWorkspace(written)
    await work(
      sceneAt(workspace, `sqlite://${workspace.path('app.db')}`, async (text) =>
        runSqlite(workspace.path('app.db'), text),
      ),
    )
  })
  test(`PostgreSQL: ${name}`, async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace(written)
    await work(sceneAt(workspace, db.url(), async (text) => void (await db.query(text))))
  })
}

/** What a promise rejects with, which must be ours. */
export async function failureOf(promise: Promise<unknown>): Promise<SlipwayError> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error))
    return error
  }
  throw new Error('it did not fail')
}
