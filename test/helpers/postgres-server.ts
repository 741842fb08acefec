/** What tests hold of a server: its coordinates, databases and queries. */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import type { Sql } from 'postgres'
import type { RunningServer } from './postgres-process.ts'

const postgres = createRequire(import.meta.url)('postgres') as typeof import('postgres')

export interface ServerCoordinates {
  readonly major: number
  readonly host: '127.0.0.1'
  readonly port: number
  readonly superuser: string
  readonly password: string
}

export interface PostgresServer extends ServerCoordinates, AsyncDisposable {
  readonly coordinates: ServerCoordinates
  /** `postgres://…` with the password percent-encoded; of the superuser unless told. */
  url(database?: string, user?: { user: string; password: string }): string
  /** One query over a connection of its own. Without parameters several statements may be sent at once. */
  query<Row = Record<string, unknown>>(
    database: string,
    text: string,
    parameters?: readonly unknown[],
  ): Promise<Row[]>
  /** Clones the template database; returns the name, a random one unless told. */
  createDatabase(name?: string): Promise<string>
  /** Also when clients are connected. */
  dropDatabase(name: string): Promise<void>
  /** `immediate` is what a crash looks like. The data stay. */
  stop(mode: 'fast' | 'immediate'): Promise<void>
  /** Again, on the same port and data. */
  start(): Promise<void>
}

/** `running` is absent for a server that belongs to somebody else. */
export function attach(coordinates: ServerCoordinates, running?: RunningServer): PostgresServer {
  const server: PostgresServer = {
    ...coordinates,
    coordinates,
    url: (database = 'postgres', user) => {
      const { user: name, password } = user ?? { user: coordinates.superuser, password: coordinates.password }
      const login = `${encodeURIComponent(name)}:${encodeURIComponent(password)}`
      return `postgres://${login}@${coordinates.host}:${coordinates.port}/${encodeURIComponent(database)}`
    },
    query: async <Row>(database: string, text: string, parameters?: readonly unknown[]) => {
      await using sql = await connection(server, database)
      return [...(await sql.unsafe(text, parameters as never))] as Row[]
    },
    createDatabase: async (name = `test_${randomBytes(6).toString('hex')}`) => {
      await server.query('postgres', `create database "${name}" template test_template`)
      return name
    },
    dropDatabase: async (name) => {
      await server.query('postgres', `drop database if exists "${name}" with (force)`)
    },
    stop: (mode) => owned(running).stop(mode),
    start: () => owned(running).start(),
    [Symbol.asyncDispose]: () => owned(running).remove(),
  }
  return server
}

function owned(running: RunningServer | undefined): RunningServer {
  if (running === undefined) throw new Error('the shared server is not yours to stop: use startPostgres')
  return running
}

/** One connection as superuser; ends when disposed of. `greeting` is what it begins with. */
export async function connection(
  server: Pick<ServerCoordinates, 'host' | 'port' | 'superuser' | 'password'>,
  database: string,
  greeting = 'select 1',
): Promise<Sql & AsyncDisposable> {
  const sql = postgres({
    host: server.host,
    port: server.port,
    database,
    username: server.superuser,
    password: server.password,
    max: 1,
    fetch_types: false,
    prepare: false,
    connect_timeout: 20,
    onnotice: () => {},
    connection: { application_name: 'test' },
  })
  await sql.unsafe(greeting).simple()
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) })
}
