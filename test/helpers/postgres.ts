/**
 * Real PostgreSQL servers. Tests that only need a database share one server per major version and run; tests that
 * break the server start their own.
 */
import { randomBytes } from 'node:crypto'
import type { Sql } from 'postgres'
import { launch, prepareData } from './postgres-process.ts'
import { attach, connection, type PostgresServer, type ServerCoordinates } from './postgres-server.ts'

export type { PostgresServer } from './postgres-server.ts'

export interface StartOptions {
  readonly major: number
  /** Server settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Major versions under test: `TEST_PG_MAJORS=13,15` or the two that `npm ci` installs. */
export const postgresMajors: readonly number[] = (process.env.TEST_PG_MAJORS ?? '14,18')
  .split(',')
  .map(Number)

/** The newest of `postgresMajors`: for tests that need a PostgreSQL, whichever. */
export const newestMajor: number = Math.max(...postgresMajors)

/**
 * For tests of what pg_dump does, which refuses a server that is newer than itself: the older one of those that `npm ci`
 * installs.
 */
export const dumpedMajor = 14

/** A private server; ends with `stop`, with `await using`, or with the process. */
export async function startPostgres(options: StartOptions): Promise<PostgresServer> {
  const data = await prepareData(options.major)
  const running = await launch(data, options.settings ?? {})
  const server = attach(running.coordinates, running)
  await server.query('postgres', `create database ${templateName} is_template true`)
  return server
}

const shared = new Map<number, Promise<PostgresServer>>()

/**
 * The server of the run, or, in a test file run alone, one for this process. It refuses `stop` and `start`.
 * `test/run.ts` hands its coordinates down as JSON in `TEST_PG_<major>`.
 */
export function sharedPostgres(major: number): Promise<PostgresServer> {
  let server = shared.get(major)
  if (server === undefined) {
    server = findShared(major)
    shared.set(major, server)
  }
  return server
}

async function findShared(major: number): Promise<PostgresServer> {
  const handed = process.env[`TEST_PG_${major}`]
  if (handed !== undefined) return attach(JSON.parse(handed) as ServerCoordinates)
  const own = await startPostgres({ major })
  return attach(own.coordinates)
}

/** The database that `createDatabase` clones. */
export const templateName = 'test_template'

export interface TestDatabase extends AsyncDisposable {
  readonly server: PostgresServer
  readonly name: string
  /** Of the superuser, or of another user. */
  url(user?: { user: string; password: string }): string
  query<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[]): Promise<Row[]>
  /** One connection that stays, for a lock to hold or for sampling; ends with `await using`. */
  connect(): Promise<Sql & AsyncDisposable>
}

/** A fresh database on the shared server, dropped when disposed of. */
export async function createTestDatabase(major: number): Promise<TestDatabase> {
  return createDatabaseOn(await sharedPostgres(major))
}

/** A fresh database on a server of one's own. */
export async function createDatabaseOn(server: PostgresServer): Promise<TestDatabase> {
  const name = await server.createDatabase()
  return {
    server,
    name,
    url: (user) => server.url(name, user),
    query: (text, parameters) => server.query(name, text, parameters),
    connect: () => connection(server, name),
    [Symbol.asyncDispose]: () => server.dropDatabase(name),
  }
}

/** Runs `work` with a fresh database on the shared server of that major version. */
export async function withDatabase<T>(major: number, work: (db: TestDatabase) => Promise<T>): Promise<T> {
  await using db = await createTestDatabase(major)
  return await work(db)
}

/** A name for a database or a role that nobody else in this run uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`
}
