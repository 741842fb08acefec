/** A fresh database, a folder of migrations, and the CLI pointed at both: what a test of the dialect begins with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RunningSlipway, type SlipwayResult, startSlipway } from '../../helpers/cli.ts'
import { createTestDatabase, newestMajor, postgresMajors, type TestDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../../helpers/workspace.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface Scene extends AsyncDisposable {
  readonly db: TestDatabase
  readonly workspace: Workspace
  /** Adds or replaces files in the folder of migrations. */
  write(files: Readonly<Record<string, string>>): void
  start(args: readonly string[], env?: Environment): RunningSlipway
  run(args: readonly string[], env?: Environment): Promise<SlipwayResult>
  /** `up`; throws unless it ends with this code. The logs are JSON: see eventsOf. */
  up(code: number, env?: Environment): Promise<SlipwayResult>
  /** `name state` of each history row in order; none where there is no table. */
  history(): Promise<string[]>
}

export async function createScene(
  major: number,
  files: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const db = await createTestDatabase(major)
  const workspace = createWorkspace()
  const dir = writeMigrations(workspace, files)
  const scene: Scene = {
    db,
    workspace,
    write: (more) => void writeMigrations(workspace, more),
    start: (args, env = {}) =>
      startSlipway(args, {
        cwd: workspace.dir,
        env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir, SLIPWAY_LOG_FORMAT: 'json', ...env },
      }),
    run: (args, env) => scene.start(args, env).done,
    async up(code, env) {
      const result = await scene.run(['up'], env)
      assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`)
      return result
    },
    async history() {
      const [table] = await db.query("select to_regclass('public.schema_migrations') as oid")
      if (table?.oid === null) return []
      const rows = await db.query<{ name: string; state: string }>(
        'select name, state from public.schema_migrations order by id',
      )
      return rows.map(({ name, state }) => `${name} ${state}`)
    },
    async [Symbol.asyncDispose]() {
      workspace[Symbol.dispose]()
      await db[Symbol.asyncDispose]()
    },
  }
  return scene
}

/** One test for each major version. */
export function testEach(
  name: string,
  work: (major: number) => Promise<void>,
  majors: readonly number[] = postgresMajors,
): void {
  for (const major of majors) test(`PostgreSQL ${major}: ${name}`, () => work(major))
}

/** What no version of the server does otherwise. */
export function testNewest(name: string, work: (major: number) => Promise<void>): void {
  testEach(name, work, [newestMajor])
}

/** One line of the JSON log. */
export interface LogLine {
  readonly event?: string
  readonly msg?: string
  readonly [field: string]: unknown
}

export function eventsOf(result: { readonly stderr: string }, event?: string): LogLine[] {
  return result.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter((line) => event === undefined || line.event === event)
}

export interface ReportedError {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly sqlstate?: string
  readonly file?: string
  readonly line?: number
  readonly excerpt?: string
}

/** The error that a run or a verb ended with. */
export function errorOf(result: { readonly stderr: string }): ReportedError {
  const line = eventsOf(result).findLast((one) => one.error !== undefined)
  if (line === undefined) throw new Error(`no error was reported:\n${result.stderr}`)
  return line.error as ReportedError
}

/** A TypeScript migration whose `up` has this body and everything of the context in scope. */
export function script(body: string, options = ''): string {
  return `import type { Migration } from 'slipway'
${options === '' ? '' : `export const options = ${options}\n`}export const up: Migration = async (context) => {
  const { sql, log, signal } = context
  void [sql, log, signal]
${body
  .trim()
  .split('\n')
  .map((line) => `  ${line.trim()}`)
  .join('\n')}
}
`
}

/** One that makes each call of its context and is refused as it says; its `up` fails if it is, and as `all refused` if not. */
export function refusing(
  cases: readonly (readonly [call: string, message: RegExp])[],
  options: string,
): string {
  const lines = cases.map(
    ([call, message]) => `await assert.rejects(async () => context.${call}, ${String(message)})`,
  )
  return `import assert from 'node:assert/strict'\n${script([...lines, "throw new Error('all refused')"].join('\n'), options)}`
}

/** Where `text` is in a file, as messages have it: 1-based. */
export function lineOf(source: string, text: string): number {
  const index = source.split('\n').findIndex((line) => line.includes(text))
  if (index === -1) throw new Error(`not in the file: ${text}`)
  return index + 1
}
