/** A real PgBouncer in front of a test server: starts it, breaks it, and leaves nothing behind when the process ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { isAlive, killAndWait } from './kill.ts'
import { freePort } from './ports.ts'
import { serverUser } from './postgres-binaries.ts'
import { connection, type PostgresServer } from './postgres-server.ts'
import { until } from './until.ts'

export type PoolMode = 'session' | 'transaction' | 'statement'

export interface PgbouncerOptions {
  readonly mode: PoolMode
  /** Further lines of the [pgbouncer] section. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** `nobody`: where its server should be nobody listens. */
  readonly to?: 'server' | 'nobody'
  /** What it runs on each new server connection. */
  readonly connectQuery?: string
  /** Who may log in besides the superuser. */
  readonly users?: readonly { readonly user: string; readonly password: string }[]
}

export interface Pgbouncer extends AsyncDisposable {
  readonly port: number
  /** The same URL with the pooler's address in it. */
  through(url: string): string
  /** A command of its console: `PAUSE`, `SHOW POOLS` … https://www.pgbouncer.org/usage.html#admin-console */
  admin(command: string): Promise<Record<string, unknown>[]>
  log(): string
  /** SIGTERM drops all connections at once, SIGKILL is a crash. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Again, on the same port. */
  start(): Promise<void>
}

/** Undefined where it is not installed. Debian keeps it out of an ordinary user's PATH. */
export function findPgbouncer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path))
}

/**
 * For tests that need it: why they are skipped, or false. Where `TEST_PGBOUNCER` is `required`, as in .ci/run, they
 * are not skipped but fail.
 */
export const withoutPgbouncer: string | false =
  findPgbouncer() === undefined && process.env.TEST_PGBOUNCER !== 'required'
    ? 'PgBouncer is not installed (apt-get install pgbouncer)'
    : false

/** For the end of a run: one whose test did not live to stop it. `root` is its folder. */
export function killPoolerNow(root: string): void {
  try {
    const pid = Number.parseInt(readFileSync(join(root, 'pid'), 'utf8'), 10)
    // The number may be another process's by now.
    const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
    if (stdout.includes(root)) process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

export async function startPgbouncer(server: PostgresServer, options: PgbouncerOptions): Promise<Pgbouncer> {
  const program = findPgbouncer()
  if (program === undefined) throw new Error('PgBouncer is not installed: apt-get install pgbouncer')
  const port = await freePort()
  const root = prepareFolder(server, options, port)
  const log = join(root, 'log')
  let child: ChildProcess | undefined

  const endNow = () => {
    if (child?.pid !== undefined && isAlive(child.pid)) process.kill(child.pid, 'SIGKILL')
    rmSync(root, { recursive: true, force: true })
  }
  process.on('exit', endNow)

  const pooler: Pgbouncer = {
    port,
    through: (url) => {
      const changed = new URL(url)
      changed.host = `127.0.0.1:${port}`
      return changed.href
    },
    admin: async (command) => {
      await using sql = await connection({ ...server, port }, 'pgbouncer', 'show version')
      return [...(await sql.unsafe(command).simple())] as Record<string, unknown>[]
    },
    log: () => readFileSync(log, 'utf8'),
    kill: async (signal) => {
      if (child?.pid !== undefined) await killAndWait(child.pid, signal)
    },
    start: async () => {
      child = spawn(program, ['-q', join(root, 'ini')], { cwd: root, stdio: 'ignore', ...serverUser() })
      await until('PgBouncer answers', () => pooler.admin('show version').catch(() => undefined), {
        timeoutMs: 20_000,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${existsSync(log) ? pooler.log() : '(no log)'}`)
      })
    },
    [Symbol.asyncDispose]: async () => {
      process.off('exit', endNow)
      await pooler.kill('SIGKILL')
      rmSync(root, { recursive: true, force: true })
    },
  }
  await pooler.start()
  return pooler
}

/** It refuses to run as root, so the folder belongs to the user that it runs as. */
function prepareFolder(server: PostgresServer, options: PgbouncerOptions, port: number): string {
  const root = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), 'slipway-pgbouncer-'))
  chmodSync(root, 0o755)
  const users = [{ user: server.superuser, password: server.password }, ...(options.users ?? [])]
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(root, 'users'),
    admin_users: server.superuser,
    logfile: join(root, 'log'),
    pidfile: join(root, 'pid'),
    pool_mode: options.mode,
    default_pool_size: 20,
    max_client_conn: 500,
    ...options.settings,
  }
  const greeting = options.connectQuery === undefined ? '' : ` connect_query='${options.connectQuery}'`
  const target = options.to === 'nobody' ? 1 : server.port
  const databases = { '*': `host=${server.host} port=${target}${greeting}` }
  const section = (name: string, values: Readonly<Record<string, unknown>>) =>
    `[${name}]\n${Object.entries(values)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join('')}`
  writeFileSync(
    join(root, 'users'),
    users.map(({ user, password }) => `${quote(user)} ${quote(password)}\n`).join(''),
    { mode: 0o600 },
  )
  writeFileSync(join(root, 'ini'), section('databases', databases) + section('pgbouncer', settings))
  const owner = serverUser()
  if (owner !== undefined)
    for (const path of [root, join(root, 'users'), join(root, 'ini')]) chownSync(path, owner.uid, owner.gid)
  return root
}
