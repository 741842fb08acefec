/** Makes a data directory, starts and stops the postgres of it, and leaves nothing behind when the process ends. */
import { type ExecFileOptions, execFile } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isAlive } from './kill.ts'
import { testPassword } from './password.ts'
import { freePort } from './ports.ts'
import { locateBinaries, type ServerUser, serverUser } from './postgres-binaries.ts'
import type { ServerCoordinates } from './postgres-server.ts'

const run = promisify(execFile)

interface DataDirectory {
  readonly major: number
  readonly root: string
  readonly data: string
  readonly log: string
  readonly bin: string
  readonly user: ServerUser | undefined
}

export interface RunningServer {
  readonly coordinates: ServerCoordinates
  stop(mode: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
  /** Stops, if it runs, and deletes the data. */
  remove(): Promise<void>
}

const baseSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // The operating system keeps what was written; synchronous_commit stays on, so that a crash loses no commit.
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '32MB',
  max_wal_size: '512MB',
  autovacuum_naptime: '600s',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** initdb into a new directory under `TEST_RUN_DIR` (test/run.ts clears it) or the system's temporary one. */
export async function prepareData(major: number): Promise<DataDirectory> {
  exitOnSignals()
  const user = serverUser()
  const root = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), `slipway-postgres-${major}-`))
  chmodSync(root, 0o755)
  const bin = join(locateBinaries(major, user, process.env.TEST_RUN_DIR ?? root), 'bin')
  const passwordFile = join(root, 'password')
  writeFileSync(passwordFile, `${testPassword()}\n`, { mode: 0o600 })
  if (user !== undefined) for (const path of [root, passwordFile]) chownSync(path, user.uid, user.gid)
  const directory: DataDirectory = {
    major,
    root,
    data: join(root, 'data'),
    log: join(root, 'log'),
    bin,
    user,
  }
  const login = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  await runBinary(directory, 'initdb', [
    '-D',
    directory.data,
    '--no-sync',
    '--no-locale',
    '-E',
    'UTF8',
    ...login,
  ])
  rmSync(passwordFile)
  return directory
}

export async function launch(
  directory: DataDirectory,
  settings: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  const port = await freePort()
  writeFileSync(
    join(directory.data, 'postgresql.auto.conf'),
    conf({ ...baseSettings, ...settings, port: `${port}` }),
  )
  const pgCtl = (...args: string[]) =>
    runBinary(directory, 'pg_ctl', ['-D', directory.data, '-s', '-w', ...args])
  const onExit = () => removeNow(directory)
  const running: RunningServer = {
    coordinates: {
      major: directory.major,
      host: '127.0.0.1',
      port,
      superuser: 'postgres',
      password: testPassword(),
    },
    stop: (mode) => pgCtl('stop', '-m', mode),
    start: () => pgCtl('start', '-t', '60', '-l', directory.log),
    remove: async () => {
      process.off('exit', onExit)
      if (postmasterPid(directory.data) !== undefined) await running.stop('immediate')
      rmSync(directory.root, { recursive: true, force: true })
    },
  }
  process.on('exit', onExit)
  await running.start()
  return running
}

function conf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`)
    .join('')
}

async function runBinary(directory: DataDirectory, name: string, args: string[]): Promise<void> {
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' }
  const options: ExecFileOptions = { ...directory.user, env, cwd: directory.root }
  const running = run(join(directory.bin, name), args, options)
  const endIt = () => running.child.kill('SIGKILL')
  process.prependListener('exit', endIt)
  try {
    await running
  } catch (error) {
    throw new Error(`${name} of PostgreSQL ${directory.major} failed: ${error}\n${tail(directory.log)}`)
  } finally {
    process.off('exit', endIt)
  }
}

function tail(log: string): string {
  try {
    return readFileSync(log, 'utf8').split('\n').slice(-15).join('\n')
  } catch {
    return ''
  }
}

/** A signal that nobody listens to ends the process without its `exit` listeners. */
function exitOnSignals(): void {
  if (exitsOnSignals) return
  exitsOnSignals = true
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => process.listenerCount(signal) === 0 && process.exit(code))
}
let exitsOnSignals = false

/** The id of the server that runs on a data directory, as its own file tells. */
export function postmasterPid(data: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10)
  } catch {
    return undefined
  }
}

function removeNow(directory: DataDirectory): void {
  try {
    stopNow(directory.data)
    removeFolderNow(directory.root)
  } catch {
    // Nobody is left to tell; test/run.ts sweeps what remains.
  }
}

/** Synchronous, for the end of a process. SIGQUIT is PostgreSQL's immediate shutdown. */
export function stopNow(data: string): void {
  const pid = postmasterPid(data)
  if (pid === undefined || !isAlive(pid)) return
  process.kill(pid, 'SIGQUIT')
  for (let tries = 0; tries < 500 && isAlive(pid); tries++) pauseNow(10)
}

/** Synchronous; while something that is about to end still writes there, it tries again for 5 s. */
export function removeFolderNow(path: string): void {
  for (let tries = 0; ; tries++) {
    try {
      rmSync(path, { recursive: true, force: true })
      return
    } catch (error) {
      if (tries === 50) throw error
      pauseNow(100)
    }
  }
}

function pauseNow(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
