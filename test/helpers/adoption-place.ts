/** A workspace and a database as another tool left both, and slipway to be run in it. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { relative } from 'node:path'
import { type SlipwayResult, slipway } from './cli.ts'
import type { Dialect, ForeignHistory } from './foreign-histories.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from './postgres.ts'
import { readSqlite, runSqlite } from './sqlite.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

type Row = Record<string, unknown>

export interface Place extends AsyncDisposable {
  readonly workspace: Workspace
  readonly url: string
  /** PostgreSQL only. */
  readonly db: TestDatabase | undefined
  run(line: string, env?: Readonly<Record<string, string>>): Promise<SlipwayResult>
  expect(code: number, line: string, env?: Readonly<Record<string, string>>): Promise<SlipwayResult>
  /** Text by path below `migrations/`. */
  contents(): Record<string, string>
  rows(text: string): Promise<Row[]>
  change(text: string): Promise<void>
  /** Names of the tables, without those of the database itself; of other schemas than `public` with theirs. */
  tables(): Promise<string[]>
}

export async function openPlace(
  dialect: Dialect,
  { sql, files }: Pick<ForeignHistory, 'sql' | 'files'>,
): Promise<Place> {
  const workspace = createWorkspace(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
  )
  const place =
    dialect === 'postgres'
      ? onPostgres(workspace, await createTestDatabase(newestMajor))
      : onSqlite(workspace, workspace.path('app.db'))
  await place.change(sql[dialect] ?? '')
  return place
}

export function onPostgres(workspace: Workspace, db: TestDatabase): Place {
  const tables = `select case when n.nspname = 'public' then '' else n.nspname || '.' end || c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_|^information_schema$' order by 1`
  return placeOf({
    workspace,
    url: db.url(),
    db,
    rows: (text) => db.query(text),
    change: async (text) => void (await db.query(text)),
    tables,
    close: () => db[Symbol.asyncDispose](),
  })
}

export function onSqlite(workspace: Workspace, file: string): Place {
  return placeOf({
    workspace,
    url: `sqlite:${file}`,
    db: undefined,
    rows: async (text) => readSqlite(file, text),
    change: async (text) => runSqlite(file, text),
    tables: "select name from sqlite_schema where type = 'table' and name not glob 'sqlite_*' order by 1",
    close: async () => {},
  })
}

interface Parts {
  readonly workspace: Workspace
  readonly url: string
  readonly db: TestDatabase | undefined
  rows(text: string): Promise<Row[]>
  change(text: string): Promise<void>
  readonly tables: string
  close(): PromiseLike<void>
}

function placeOf({ tables, close, ...parts }: Parts): Place {
  const { workspace, url } = parts
  const place: Place = {
    ...parts,
    run: (line, env = {}) =>
      slipway(line.split(' '), {
        cwd: workspace.dir,
        env: { SLIPWAY_DATABASE_URL: url, SLIPWAY_LOG_FORMAT: 'pretty', POD_NAME: 'pod-x', ...env },
      }),
    async expect(code, line, env) {
      const result = await place.run(line, env)
      assert.equal(result.code, code, `${line}\n${result.stdout}${result.stderr}`)
      return result
    },
    contents: () => contentsOf(workspace, 'migrations'),
    tables: async () => (await parts.rows(tables)).map(({ name }) => String(name)).sort(),
    async [Symbol.asyncDispose]() {
      await close()
      workspace[Symbol.dispose]()
    },
  }
  return place
}

function contentsOf(workspace: Workspace, folder: string): Record<string, string> {
  const dir = workspace.path(folder)
  const paths = globSync('**/*', { cwd: dir, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, `${entry.parentPath}/${entry.name}`))
  return Object.fromEntries(paths.sort().map((path) => [path, workspace.read(`${folder}/${path}`)]))
}
