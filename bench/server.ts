/** One PostgreSQL for the whole run, its databases, and the longer way to it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type PostgresServer, startPostgres } from '../test/helpers/postgres.ts'
import { effectsTable } from './migrations.ts'
import type { Address } from './tools/tool.ts'

/** PostgreSQL's own defaults for what the tests turn off or down, and room for 50 starters with pools. */
const settings = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  max_connections: '300',
}
const shownSettings = [...Object.keys(settings), 'wal_level', 'wal_sync_method', 'data_checksums']

export const addedMs = 2
const template = 'bench_template'

export interface BenchServer extends AsyncDisposable {
  readonly version: string
  readonly settings: Readonly<Record<string, string>>
  address(database: string, options: { delayed: boolean }): Address
  createDatabase(name: string, from?: string): Promise<void>
  dropDatabase(name: string): Promise<void>
  query<Row>(database: string, text: string): Promise<Row[]>
  /** A checkpoint, so that none that an earlier program caused falls into the next one's time. */
  settle(): Promise<void>
  /** Without waiting for the disk: for preparations that nobody times. */
  hurried<T>(work: () => Promise<T>): Promise<T>
  /** Median milliseconds of a query's way there and back. */
  roundTripMs(options: { delayed: boolean }): Promise<number>
}

export async function startBenchServer(major: number): Promise<BenchServer> {
  const server = await startPostgres({ major, settings })
  const proxy = await startDelayProxy(server)
  await server.query('postgres', `create database ${template}`)
  await server.query(template, effectsTable)
  const [facts] = await server.query<{ server_version: string }>('postgres', 'show server_version')
  const address = (database: string, { delayed }: { delayed: boolean }): Address => ({
    host: server.host,
    port: delayed ? proxy.port : server.port,
    user: server.superuser,
    password: server.password,
    database,
  })
  return {
    version: facts?.server_version ?? 'unknown',
    settings: await readSettings(server),
    address,
    createDatabase: async (name, from = template) => {
      await server.query('postgres', `create database ${name} template ${from}`)
    },
    dropDatabase: (name) => server.dropDatabase(name),
    query: (database, text) => server.query(database, text),
    settle: async () => {
      await server.query('postgres', 'checkpoint')
    },
    hurried: async (work) => {
      await setFsync(server, 'off')
      try {
        return await work()
      } finally {
        await setFsync(server, 'on')
      }
    },
    roundTripMs: (options) => measureRoundTrip(address('postgres', options)),
    [Symbol.asyncDispose]: async () => {
      proxy.stop()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function setFsync(server: PostgresServer, value: 'on' | 'off'): Promise<void> {
  await server.query('postgres', `alter system set fsync = ${value}`)
  await server.query('postgres', 'select pg_reload_conf()')
  if (value === 'on') await server.query('postgres', 'checkpoint')
}

async function readSettings(server: PostgresServer): Promise<Record<string, string>> {
  const names = shownSettings.map((name) => `'${name}'`).join(', ')
  const rows = await server.query<{ name: string; value: string }>(
    'postgres',
    `select name, current_setting(name) as value from pg_settings where name in (${names}) order by name`,
  )
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

async function startDelayProxy({ host, port }: PostgresServer): Promise<{ port: number; stop: () => void }> {
  const script = join(import.meta.dirname, 'delay-proxy.ts')
  const child = spawn(process.execPath, [script, host, `${port}`, `${addedMs}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  process.on('exit', () => child.kill())
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { port: Number(line), stop: () => child.kill() }
}

async function measureRoundTrip({ host, port, user, password, database }: Address): Promise<number> {
  const { default: postgres } = await import('postgres')
  const sql = postgres({ host, port, user, password, database, max: 1, prepare: false })
  const times: number[] = []
  for (let turn = 0; turn < 50; turn++) {
    const began = performance.now()
    await sql.unsafe('select 1').simple()
    times.push(performance.now() - began)
  }
  await sql.end()
  return times.sort((a, b) => a - b)[25] ?? 0
}
