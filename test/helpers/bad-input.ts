/**
 * Rows of bad input, each run through the built CLI twice (JSON lines, then pretty), with what every row must have:
 * its codes, one error that names the thing, the next command, no stack trace, nothing on stdout, nothing written.
 * `TEST_SHOW=1 node --test …` prints what a person would see.
 */
import assert from 'node:assert/strict'
import { chmodSync, existsSync } from 'node:fs'
import { after, test } from 'node:test'
import { type ErrorCode, errorTable } from '../../src/errors.ts'
import { type SlipwayResult, slipway } from './cli.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from './postgres.ts'
import { readSqlite } from './sqlite.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

export interface Place {
  readonly workspace: Workspace
  /** Of the PostgreSQL database, or of a SQLite file in the workspace that does not exist yet. */
  readonly url: string
  readonly db: TestDatabase
  /** Runs slipway in this place and expects it to succeed. */
  run(...args: string[]): Promise<SlipwayResult>
}

export interface BadInput {
  readonly name: string
  readonly on?: 'postgres' | 'sqlite'
  /** Of the workspace. Without any, `migrations/` holds one good migration. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Makes what files alone cannot: history, modes. The row then has a database of its own. */
  readonly before?: (place: Place) => void | Promise<void>
  /** Default `up`. */
  readonly argv?: readonly string[] | ((place: Place) => readonly string[])
  /** On top of SLIPWAY_DATABASE_URL; undefined takes a variable away. */
  readonly env?:
    | Readonly<Record<string, string | undefined>>
    | ((place: Place) => Readonly<Record<string, string | undefined>>)
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Why it cannot be run here. */
  readonly skip?: string | false
  /** Checked against the table of errors, so that the contract is written out once more, by hand. */
  readonly exit: number
  readonly code: ErrorCode
  readonly message: RegExp | readonly RegExp[]
  readonly hint: RegExp
  /** `caret`: the source text from the caret on begins with it. */
  readonly at?: {
    readonly file: string
    readonly line?: number
    readonly column?: number
    readonly caret?: string
  }
  /** What else the error line must hold, such as a diff. */
  readonly check?: (error: LoggedError, shown: string) => void
}

/** The `error` of a JSON line. */
export interface LoggedError {
  readonly code: string
  readonly exitCode: number
  readonly message: string
  readonly hint?: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly excerpt?: string
  readonly sqlstate?: string
  readonly statement?: { readonly index: number; readonly total: number }
  readonly reasons?: readonly LoggedError[]
}

/** Three migrations; the names of the later two begin alike. */
export const severalMigrations = {
  'migrations/0001_users.sql': 'create table users (id integer);\n',
  'migrations/0002_add_email.sql': 'alter table users add email text;\n',
  'migrations/0003_add_phone.sql': 'alter table users add phone text;\n',
} as const

export const goodMigration = { 'migrations/0001_good.sql': 'create table good (id integer);\n' } as const

/** Registers one test for each row. */
export function testBadInput(rows: readonly BadInput[]): void {
  const made: Promise<TestDatabase>[] = []
  let shared: Promise<TestDatabase> | undefined
  const sharedDatabase = () => {
    if (shared === undefined) {
      shared = createTestDatabase(newestMajor)
      made.push(shared)
    }
    return shared
  }
  after(async () => {
    for (const db of made) await (await db)[Symbol.asyncDispose]()
  })
  for (const row of rows)
    test(row.name, { skip: row.skip ?? false }, async () => {
      try {
        await runRow(row, sharedDatabase)
      } catch (error) {
        // What this row left behind must not fail the next one.
        shared = undefined
        throw error
      }
    })
}

async function runRow(row: BadInput, sharedDatabase: () => Promise<TestDatabase>): Promise<void> {
  using workspace = createWorkspace(row.files ?? goodMigration)
  if (row.user !== undefined) chmodSync(workspace.dir, 0o755)
  const ownsDatabase = row.on !== 'sqlite' && (row.before !== undefined || row.exit === 70)
  await using own = ownsDatabase ? await createTestDatabase(newestMajor) : undefined
  const db = own ?? (await sharedDatabase())
  const place = placeOf(row, workspace, db)
  await row.before?.(place)
  const before = await snapshot(row, place)
  const json = await runOnce(row, place, 'json')
  const error = checkJson(row, json)
  const pretty = await runOnce(row, place, 'pretty')
  if (process.env.TEST_SHOW !== undefined) console.log(`--- ${row.name}\n${pretty.stderr}`)
  checkPretty(row, error, pretty)
  row.check?.(error, pretty.stderr)
  assert.deepEqual(await snapshot(row, place), before, 'something was written')
}

function placeOf(row: BadInput, workspace: Workspace, db: TestDatabase): Place {
  const url = row.on === 'sqlite' ? `sqlite://${workspace.path('app.db')}` : db.url()
  return {
    workspace,
    db,
    url,
    run: async (...args) => {
      const result = await slipway(args, { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: url } })
      assert.equal(result.code, 0, `slipway ${args.join(' ')}: ${result.stderr}`)
      return result
    },
  }
}

function runOnce(row: BadInput, place: Place, format: 'json' | 'pretty'): Promise<SlipwayResult> {
  const { argv = ['up'], env = {} } = row
  return slipway(typeof argv === 'function' ? argv(place) : argv, {
    cwd: place.workspace.dir,
    env: {
      SLIPWAY_DATABASE_URL: place.url,
      SLIPWAY_LOG_FORMAT: format,
      ...(typeof env === 'function' ? env(place) : env),
    },
    ...(row.user === undefined ? {} : { user: row.user }),
  })
}

function checkJson(row: BadInput, { code, stdout, stderr }: SlipwayResult): LoggedError {
  assert.equal(stdout, '', 'something on stdout')
  const lines = stderr.trimEnd().split('\n').map(parseLine)
  const errors = lines.filter(({ level }) => level === 'error')
  const last = errors.at(-1)?.error
  assert.ok(last !== undefined, `no error was told:\n${stderr}`)
  // A failing step and the end of its run tell the same error.
  for (const { event, error } of errors) {
    assert.ok(['error', 'step-failed', 'run-finished'].includes(event), `an error in ${event}`)
    assert.deepEqual(error, last, 'two errors')
  }
  assert.deepEqual(errors.map(({ event }) => event).filter((event) => event !== 'step-failed').length, 1)
  const told = `\n${JSON.stringify(last, null, 2)}`
  assert.deepEqual([last.code, last.exitCode, code], [row.code, row.exit, row.exit], told)
  assert.equal(errorTable[row.code].exit, row.exit)
  for (const pattern of [row.message].flat()) assert.match(last.message, pattern)
  assert.match(last.hint ?? '', row.hint)
  if (!/undefined/.test(String(row.message))) assert.doesNotMatch(last.message, /undefined|\[object|NaN/)
  assert.doesNotMatch(JSON.stringify(lines), /\\n\s+at |"stack"/)
  if (row.at !== undefined) checkPlace(row.at, last)
  return last
}

function parseLine(line: string): { level: string; event: string; error: LoggedError } {
  try {
    return JSON.parse(line)
  } catch {
    throw new Error(`not a JSON line: ${line}`)
  }
}

function checkPlace(at: NonNullable<BadInput['at']>, error: LoggedError): void {
  const { file, line, column, excerpt = '' } = error
  const { caret, ...wanted } = at
  assert.deepEqual(
    { file, ...(at.line && { line }), ...(at.column && { column }) },
    wanted,
    JSON.stringify(error, null, 2),
  )
  if (caret === undefined) return
  const [source = '', pointer = ''] = excerpt.split('\n').slice(-2)
  assert.match(pointer, /^ *\| *\s*\^$/, excerpt)
  assert.ok(source.slice(pointer.indexOf('^')).startsWith(caret), `the caret is not at ${caret}:\n${excerpt}`)
}

function checkPretty(row: BadInput, error: LoggedError, { code, stdout, stderr }: SlipwayResult): void {
  assert.equal(code, row.exit, stderr)
  assert.equal(stdout, '', 'something on stdout')
  assert.doesNotMatch(stderr, /\n\s+at (?!\S*(?:migrations|[\w.-]+:\d+))/, 'a stack trace')
  assert.equal(stderr.match(/^✗ /gm)?.length, 1, `not one error:\n${stderr}`)
  assert.equal(stderr.match(/^next: /gm)?.length, 1, `not one next step:\n${stderr}`)
  // Times differ from run to run.
  const places = stderr.match(/^ *at \S+$/gm) ?? []
  assert.equal(new Set(places).size, places.length, `a place twice:\n${stderr}`)
  const [head = ''] = error.message.split(/\n| in \d+\.\d s|\d{4}-\d\d-\d\dT/)
  assert.equal(stderr.split(head).length - 1, 1, `the message is not there once:\n${stderr}`)
}

/** Everything that belongs to the user, and what history says is applied; the log of a failed run may come. */
async function snapshot(row: BadInput, { db, workspace, url }: Place): Promise<unknown> {
  if (row.on === 'sqlite') return snapshotSqlite(workspace.path('app.db'))
  if (!url.includes(db.name)) return undefined
  const relations = await db.query<{ relname: string }>(
    `select relname from pg_class
     where relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_|^information_schema$')
     order by 1`,
  )
  const names = relations.map(({ relname }) => relname)
  const applied = names.includes('schema_migrations')
    ? await db.query('select * from schema_migrations order by 1').catch(() => [])
    : []
  return { relations: names.filter((name) => row.exit !== 70 || !/^schema_migrations/.test(name)), applied }
}

function snapshotSqlite(file: string): unknown {
  // An empty file may come: that it can be made is found out before anything is planned.
  if (!existsSync(file)) return []
  try {
    return readSqlite(
      file,
      "select name from sqlite_schema where name not glob '*schema_migrations*' and name <> 'sqlite_sequence'",
    )
  } catch {
    return 'no database'
  }
}
