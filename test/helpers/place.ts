/** A folder and a fresh database of either kind, with slipway run on them. */
import assert from 'node:assert/strict'
import { dumpCatalogue, dumpSqliteCatalogue } from './catalogue.ts'
import { type SlipwayResult, slipway } from './cli.ts'
import { createTestDatabase, newestMajor } from './postgres.ts'
import { readSqlite, runSqlite } from './sqlite.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

export type Kind = 'postgres' | 'sqlite'

export interface Place extends AsyncDisposable {
  readonly kind: Kind
  readonly workspace: Workspace
  /** As slipway names it. */
  readonly database: string
  readonly env: Readonly<Record<string, string>>
  run(line: string, env?: Readonly<Record<string, string | undefined>>): Promise<SlipwayResult>
  expect(
    code: number,
    line: string,
    env?: Readonly<Record<string, string | undefined>>,
  ): Promise<SlipwayResult>
  rows(text: string): Promise<Record<string, unknown>[]>
  change(text: string): Promise<unknown>
  catalogue(): Promise<string>
  /** `0001_a applied` */
  history(): Promise<string[]>
  /** `down 0001_a` */
  log(): Promise<string[]>
}

export interface PlaceOptions {
  readonly major?: number
}

export async function openPlace(
  kind: Kind,
  migrations: Readonly<Record<string, string>>,
  { major = newestMajor }: PlaceOptions = {},
): Promise<Place> {
  const workspace = createWorkspace()
  workspace.write(
    Object.fromEntries(Object.entries(migrations).map(([name, text]) => [`migrations/${name}`, text])),
  )
  if (kind === 'sqlite') {
    const file = workspace.path('app.db')
    return placeOf(kind, workspace, {
      url: `sqlite:${file}`,
      database: 'app.db',
      rows: async (text) => readSqlite(file, text),
      change: async (text) => runSqlite(file, text),
      catalogue: async () => dumpSqliteCatalogue(file),
      close: async () => {},
    })
  }
  const db = await createTestDatabase(major)
  return placeOf(kind, workspace, {
    url: db.url(),
    database: db.name,
    rows: (text) => db.query(text),
    change: (text) => db.query(text),
    catalogue: () => dumpCatalogue((text) => db.query(text)),
    close: async () => void (await db[Symbol.asyncDispose]()),
  })
}

interface Ground {
  readonly url: string
  readonly database: string
  rows(text: string): Promise<Record<string, unknown>[]>
  change(text: string): Promise<unknown>
  catalogue(): Promise<string>
  close(): Promise<void>
}

function placeOf(kind: Kind, workspace: Workspace, ground: Ground): Place {
  const env = { SLIPWAY_DATABASE_URL: ground.url, SLIPWAY_LOG_FORMAT: 'pretty', POD_NAME: 'pod-x' }
  const place: Place = {
    kind,
    workspace,
    env,
    ...ground,
    run: (line, more = {}) => slipway(line.split(' '), { cwd: workspace.dir, env: { ...env, ...more } }),
    async expect(code, line, more) {
      const result = await place.run(line, more)
      assert.equal(result.code, code, `${line}\n${result.stdout}${result.stderr}`)
      return result
    },
    history: async () =>
      (await ground.rows('select name, state from schema_migrations order by id')).map(
        ({ name, state }) => `${name} ${state}`,
      ),
    log: async () =>
      (await ground.rows('select event, name from schema_migrations_log order by id')).map(
        ({ event, name }) => `${event} ${name}`,
      ),
    async [Symbol.asyncDispose]() {
      await ground.close()
      workspace[Symbol.dispose]()
    },
  }
  return place
}
