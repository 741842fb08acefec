/** The only file that imports porsager's `postgres`. What it does by itself, other than speak the protocol, is switched off. */
import type { Duplex } from 'node:stream'
import { valueTypes } from './values.ts'

export interface DriverResult extends Array<Record<string, unknown>> {
  readonly command: string | null
  readonly count: number | null
  readonly columns?: readonly { readonly name: string }[] | null
  readonly state?: { readonly pid: number; readonly secret: number }
}

export interface Driver {
  /** Simple protocol: several statements in one message, no values. One result per statement that returns rows. */
  simple(text: string): PromiseLike<DriverResult | DriverResult[]>
  /** Extended protocol, values bound, never a named statement: DDL may change result types under a cached plan (0A000). */
  extended(text: string, values: readonly unknown[]): PromiseLike<DriverResult>
  /** A value whose type the server chooses from the context. */
  untyped(value: unknown): unknown
  end(): Promise<void>
}

export interface DriverOptions {
  readonly user: string
  /** Asked for when the server wants it. */
  readonly password: () => string | Promise<string>
  readonly database: string
  /** Settings of the startup message. */
  readonly startup: Readonly<Record<string, string>>
  /** Called once; a second call must throw, because the driver reconnects without being asked. */
  readonly socket: () => Duplex
  readonly connectTimeoutMs: number
}

/** Takes some milliseconds, in which a connection can already be under way. */
export const loadDriver = async () => (await import('postgres')).default

export async function openDriver(options: DriverOptions): Promise<Driver> {
  const postgres = await loadDriver()
  const settings = {
    user: options.user,
    // A function keeps the driver from falling back to PGPASSWORD when there is none.
    password: options.password,
    database: options.database,
    // Not used (the socket is ours), but the driver would otherwise read PGHOST and PGPORT.
    host: 'localhost',
    port: 5432,
    max: 1,
    max_pipeline: Number.MAX_SAFE_INTEGER,
    max_lifetime: null,
    idle_timeout: null,
    connect_timeout: Math.max(1, Math.ceil(options.connectTimeoutMs / 1000)),
    fetch_types: false,
    prepare: false,
    ssl: false,
    connection: options.startup,
    types: valueTypes,
    // They are read from the socket, where it is known which query each belongs to.
    onnotice: () => {},
    socket: options.socket,
  } as unknown as Parameters<typeof postgres>[0]
  const client = unledByVariable(() => postgres(settings))
  return {
    simple: (text) => client.unsafe(text).simple() as unknown as PromiseLike<DriverResult | DriverResult[]>,
    extended: (text, values) =>
      client.unsafe(text, [...values] as never[], { prepare: false }) as unknown as PromiseLike<DriverResult>,
    untyped: (value) => client.typed(value as never, 0),
    end: () => client.end({ timeout: 1 }),
  }
}

/** What it says is done before the driver gets a socket; the driver would do it again, and knows fewer of its values. */
const obeyedByDriver = 'PGTARGETSESSIONATTRS'

function unledByVariable<T>(make: () => T): T {
  const value = process.env[obeyedByDriver]
  if (value === undefined) return make()
  delete process.env[obeyedByDriver]
  try {
    return make()
  } finally {
    process.env[obeyedByDriver] = value
  }
}
