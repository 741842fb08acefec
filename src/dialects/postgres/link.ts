/**
 * One connection and nothing behind it: when it ends, every pending and every later query rejects with SessionLost.
 * The driver alone would reconnect in silence, hang on a peer that accepts and closes, or crash on a dead socket.
 */
import type { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { PostgresUrl } from '../../config/url.ts'
import type { Row } from '../dialect.ts'
import { type Driver, type DriverResult, openDriver } from './driver.ts'
import { openSocket } from './socket.ts'
import { toPostgresValues } from './values.ts'
import { type NoticeListener, routeNotices } from './notices.ts'
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
  /** `I` idle, `T` in a transaction, `E` in a failed one: as the server said last. */
  readonly transactionStatus: string
  /** `TLSv1.3`; undefined where the connection is not encrypted. */
  readonly tlsVersion: string | undefined
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
  destroy(reason: string): void
  close(): Promise<void>
}

export interface LinkOptions {
  readonly applicationName: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** The first query: the driver connects with it, so a session costs no query of its own. */
  readonly greeting: string
}

export interface Opened {
  readonly link: Link
  readonly greeting: ResultSet[]
}

export async function openLink(url: PostgresUrl, options: LinkOptions): Promise<Opened> {
  const { link, greeting } = await startLink(url, options)
  return { link, greeting: await greeting }
}

/** As soon as there is a connection; the login and the answer to the greeting are still to come. */
export async function startLink(
  url: PostgresUrl,
  options: LinkOptions,
): Promise<{ readonly link: Link; readonly greeting: Promise<ResultSet[]> }> {
  const deadline = performance.now() + options.timeoutMs
  const socket = await openSocket(url, options)
  const link = await createLink(socket, url, options)
  return { link, greeting: greetBefore(deadline, link, options) }
}

async function greetBefore(deadline: number, link: StartingLink, options: LinkOptions): Promise<ResultSet[]> {
  const timer = setTimeout(() => link.destroy('no answer in time'), Math.max(1, deadline - performance.now()))
  const onAbort = () => link.destroy('stopped')
  options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await link.greet(options.greeting)
  } catch (error) {
    link.destroy('could not start')
    throw error
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', onAbort)
  }
}

interface StartingLink extends Link {
  greet(text: string): Promise<ResultSet[]>
}

async function createLink(socket: Socket, url: PostgresUrl, options: LinkOptions): Promise<StartingLink> {
  const pending = new Map<PromiseWithResolvers<never>, number>()
  const backend = { pid: 0, secret: 0 }
  const notices = routeNotices()
  const wire = watchMessages(socket, notices.tell)
  let lost: SessionLost | undefined
  let closing = false
  let handedOut = false

  const lose = (reason: string) => {
    lost ??= new SessionLost(reason)
    for (const waiter of pending.keys()) waiter.reject(lost)
    pending.clear()
  }
  socket.on('error', (error) => lose(error.message))
  socket.on('close', () => lose(wire.lastWords ?? 'the server closed the connection'))

  const driver: Driver = await openDriver({
    user: url.user,
    password: url.password,
    database: url.database,
    applicationName: options.applicationName,
    connectTimeoutMs: options.timeoutMs,
    socket: () => {
      if (handedOut) throw lost ?? new SessionLost('a session never reconnects')
      handedOut = true
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
    get lost() {
      return lost !== undefined
    },
    get transactionStatus() {
      return wire.transactionStatus
    },
    tlsVersion: socket instanceof TLSSocket ? (socket.getProtocol() ?? 'TLS') : undefined,
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
  }
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
