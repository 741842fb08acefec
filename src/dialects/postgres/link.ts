/**
 * One connection and nothing behind it: when it ends, every pending and every later query rejects with SessionLost.
 * The driver alone would reconnect in silence, hang on a peer that accepts and closes, or crash on a dead socket.
 */
import type { Duplex, Readable } from 'node:stream'
import type { Row } from '../dialect.ts'
import { type AuthExchange, createAuthReader } from './authentication.ts'
import { type Driver, type DriverResult, openDriver } from './driver.ts'
import type { Endpoint } from './endpoint.ts'
import { AuthRefused } from './failures.ts'
import { type NoticeListener, routeNotices } from './notices.ts'
import type { OpenedSocket } from './socket.ts'
import { toPostgresValues } from './values.ts'
import { watchMessages } from './wire.ts'

/** The connection ended under us. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost'
}

export interface ResultSet {
  readonly rows: readonly Row[]
  /** `INSERT`, `COMMIT`, `ROLLBACK` …, of the last command that went into this result. */
  readonly command: string | null
  readonly count: number | null
}

export interface Link {
  /** Identifies this session at the server; `pid` is what the peer claims, a pooler claims its own. */
  readonly backend: { pid: number; secret: number }
  readonly lost: boolean
  readonly auth: AuthExchange
  /** `I` idle, `T` in a transaction, `E` in a failed one: as the server said last. */
  readonly transactionStatus: string
  /** `TLSv1.3`; undefined without TLS. */
  readonly encryption: string | undefined
  /** The server's certificate was checked, by name too if the mode asks for that. */
  readonly isVerified: boolean
  /** Commits so far: more than were asked for means that a migration sent one. */
  readonly commits: number
  /** Milliseconds that the oldest unanswered query waits for its answer; 0 without one. */
  readonly waitingMs: number
  /** When (performance.now) the login was over and the greeting went out; undefined before. */
  readonly readyAt: number | undefined
  /** Bytes of ours are still on their way out. */
  readonly sending: boolean
  /** Several statements in one message. Result sets of statements that return rows, then the last one in any case. */
  simple(text: string): Promise<ResultSet[]>
  extended(text: string, values: readonly unknown[]): Promise<Row[]>
  /** Who is told what the server says in passing about the queries that are sent from now on. */
  listen(listener: NoticeListener | undefined): void
  /** Ends the session without a word: what is pending rejects now. */
  destroy(reason: string | Error): void
  /** Says goodbye and waits for the server to end the session. */
  close(): Promise<void>
  /** Says goodbye and waits for nothing more than that it is said: for a session that has only read. */
  leave(): Promise<void>
}

export interface LoginOptions {
  readonly applicationName: string
  readonly timeoutMs: number
  /** See ConnectOptions. */
  readonly onLogin?: (() => void) | undefined
}

export interface StartingLink extends Link {
  greet(text: string): Promise<ResultSet[]>
}

/** On a socket that is ready to log in on. */
export async function createLink(
  { socket, tls }: OpenedSocket,
  endpoint: Endpoint,
  options: LoginOptions,
): Promise<StartingLink> {
  const pending = new Map<PromiseWithResolvers<never>, number>()
  const backend = { pid: 0, secret: 0 }
  const notices = routeNotices()
  let lost: Error | undefined
  let closing = false
  let handedOut = false

  const lose = (reason: string | Error) => {
    lost ??= typeof reason === 'string' ? new SessionLost(reason) : reason
    for (const waiter of pending.keys()) waiter.reject(lost)
    pending.clear()
  }
  const refuse = (reason: string) => {
    lose(new AuthRefused(reason))
    socket.destroy()
  }
  const auth = createAuthReader(endpoint.allowedAuth)
  const wire = watchMessages(socket, {
    auth,
    onAuthRefused: refuse,
    onNotice: notices.tell,
    onLogin: options.onLogin,
  })
  socket.on('error', (error) => lose((auth.exchange.done ? undefined : tls?.explain(error)) ?? error.message))
  socket.on('close', () => lose(wire.lastWords ?? 'the server closed the connection'))

  const driver: Driver = await openDriver({
    user: endpoint.user,
    password: () => {
      if (endpoint.password === undefined) refuse('the server asks for a password, and none is configured')
      // A server that was just refused is told no password, and the driver would stumble over its closed socket.
      return lost === undefined ? (endpoint.password ?? '') : new Promise<string>(() => {})
    },
    database: endpoint.database,
    startup: {
      application_name: [options.applicationName, endpoint.applicationName].filter(Boolean).join(' '),
      ...(endpoint.options === undefined ? {} : { options: endpoint.options }),
    },
    connectTimeoutMs: options.timeoutMs,
    socket: () => {
      if (handedOut) throw lost ?? new SessionLost('a session never reconnects')
      handedOut = true
      loadCryptoMeanwhile()
      return socket
    },
  })

  async function guarded<T extends DriverResult | DriverResult[]>(send: () => PromiseLike<T>): Promise<T> {
    if (lost !== undefined) throw lost
    const waiter = Promise.withResolvers<never>()
    waiter.promise.catch(() => {})
    pending.set(waiter, performance.now())
    notices.countQuery()
    try {
      return await Promise.race([settle(send).then(requireRows), waiter.promise])
    } finally {
      pending.delete(waiter)
    }
  }

  return {
    backend,
    auth: auth.exchange,
    get lost() {
      return lost !== undefined
    },
    get transactionStatus() {
      return wire.transactionStatus
    },
    encryption: tls?.version,
    isVerified: tls?.isVerified === true,
    get commits() {
      return wire.commits
    },
    get waitingMs() {
      const [first] = pending.values()
      return first === undefined ? 0 : performance.now() - first
    },
    get readyAt() {
      return wire.readyAt
    },
    get sending() {
      return socket.writableLength > 0
    },
    async greet(text) {
      const result = await guarded(() => driver.simple(text))
      Object.assign(backend, wire.backendKey)
      return toResultSets(result)
    },
    async simple(text) {
      return toResultSets(await guarded(() => driver.simple(text)))
    },
    async extended(text, values) {
      const bound = toPostgresValues(values, driver.untyped)
      return [...(await guarded(() => driver.extended(text, bound)))]
    },
    listen: notices.listen,
    destroy(reason) {
      lose(reason)
      socket.destroy()
    },
    async close() {
      if (closing) return
      closing = true
      if (lost === undefined) await Promise.race([driver.end().catch(() => {}), sleep(1500)])
      lose('closed')
      socket.destroy()
    },
    async leave() {
      if (closing) return
      closing = true
      const isSaid = new Promise((resolve) => socket.once('finish', resolve))
      if (lost === undefined) {
        void driver.end().catch(() => {})
        // It is with the system by then, unless the line is stuck.
        await new Promise((resolve) => setImmediate(resolve))
        if (socket.writableLength > 0) await Promise.race([isSaid, sleep(1500)])
      }
      lose('closed')
      socket.destroy()
    },
  }
}

/** Logging in needs node:crypto, which takes 5 ms to load: as long as the server takes to find out who we are. */
function loadCryptoMeanwhile(): void {
  // The driver, which was handed the socket, sends the startup message in the next turn.
  setImmediate(() => setImmediate(() => void process.getBuiltinModule('node:crypto')))
}

/** Starts the driver's lazy query now, so that queries go out in the order of the calls. */
function settle<T>(send: () => PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    send().then(resolve, reject)
  })
}

/** For `copy … from stdin` and `copy … to stdout` the driver gives a stream; it is ended, so that the session can go on. */
async function requireRows<T extends DriverResult | DriverResult[]>(result: T): Promise<T> {
  if (Array.isArray(result)) return result
  const stream = result as unknown as Duplex
  stream.on('error', () => {})
  if ('write' in stream) stream.destroy(new Error('no data'))
  // The driver refuses other queries until the server has sent everything.
  else await new Promise((resolve) => (stream as Readable).on('close', resolve).resume())
  throw new Error(
    'a migration has no data to copy from stdin, and no place to copy to stdout: use insert and select',
  )
}

function toResultSets(result: DriverResult | DriverResult[]): ResultSet[] {
  // One statement gives a result; several give an array of results. Both are arrays, only the former has a command.
  const all = 'command' in result ? [result] : result
  return all
    .filter((one, index) => (one.columns?.length ?? 0) > 0 || index === all.length - 1)
    .map((one) => ({ rows: [...one], command: one.command, count: one.count }))
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
