/** Waits until the database can be worked with, and returns the session. */
import type { DatabaseUrl } from '../config/url.ts'
import type { ConnectOptions, Fault, Session } from '../dialects/dialect.ts'
import { type ErrorCode, isSlipwayError, SlipwayError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { shellWord } from '../plan/shell.ts'
import type { Run } from './run.ts'
import { backoff, sleep } from './sleep.ts'

/** One attempt may take this long for each host, whatever the peer does; connect_timeout says otherwise. */
const attemptTimeoutMs = 10_000
/** Roles and databases are often made by init scripts that run after the server first answers. */
const graceForInitMs = 15_000

export interface OpenOptions {
  readonly intent: 'read' | 'write'
  readonly timeoutMs: number
  /** Wanted: SessionFacts.historyDigest. */
  readonly historyDigest?: boolean
  /** Instead of the run's own. */
  readonly signal?: AbortSignal
  readonly emit?: Listener
  /** See ConnectOptions. */
  readonly onLogin?: () => void
}

/** Throws unreachable, auth-failed, tls-failed, database-missing, read-only, not-writable …, or the signal's reason. */
export async function openSession(run: Run, options: OpenOptions): Promise<Session> {
  const { signal = run.signal, emit = run.emit } = options
  const began = performance.now()
  const elapsed = () => performance.now() - began
  let told = ''
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted()
    const remainingMs = options.timeoutMs - elapsed()
    const outcome = await tryToConnect(run, { ...options, signal }, remainingMs)
    if (!('failure' in outcome)) {
      const { session } = outcome
      const { serverVersion, host, encryption, warnings } = session.facts
      emit({
        type: 'connected',
        dialect: run.dialect.name,
        serverVersion,
        waitedMs: elapsed(),
        ...(host === undefined ? {} : { host }),
        ...(encryption === undefined ? {} : { encryption }),
      })
      tellOnce(run, emit, warnings ?? [])
      return session
    }
    const failure = await createIfMissing(run, { ...options, signal, emit }, outcome.failure)
    signal.throwIfAborted()
    if (failure === undefined) continue
    const patience = Math.min(options.timeoutMs, patienceFor(failure))
    const leftMs = patience - elapsed()
    if (leftMs <= 0) throw giveUp(run, failure, elapsed())
    if (failure.reason !== told) {
      told = failure.reason
      emit({ type: 'waiting-for-database', reason: told, elapsedMs: elapsed(), timeoutMs: patience })
    }
    // The last attempt is made when the time is up, not before.
    await sleep(Math.min(backoff(attempt, 100, 2000), leftMs), signal)
  }
}

const told = new WeakMap<Run, Set<string>>()

/** A run may connect several times, each time to hear the same. */
function tellOnce(run: Run, emit: Listener, warnings: readonly { code: string; message: string }[]): void {
  const before = told.get(run) ?? new Set()
  told.set(run, before)
  for (const warning of warnings) {
    if (!before.has(warning.message)) emit({ type: 'warning', ...warning })
    before.add(warning.message)
  }
}

interface Failure {
  readonly reason: string
  readonly fault: Fault | undefined
  readonly error: unknown
}

interface Stoppable extends OpenOptions {
  readonly signal: AbortSignal
}

async function tryToConnect(
  run: Run,
  options: Stoppable,
  remainingMs: number,
): Promise<{ session: Session } | { failure: Failure }> {
  try {
    return { session: await run.dialect.connect(run.url, connectOptions(run, options, remainingMs)) }
  } catch (error) {
    return { failure: toFailure(run, error) }
  }
}

/** undefined: the database is there now, so connecting is worth another try at once. */
async function createIfMissing(
  run: Run,
  options: Stoppable & { readonly emit: Listener },
  failed: Failure,
): Promise<Failure | undefined> {
  const isWanted = run.config.createDatabase && options.intent === 'write'
  if (!isWanted || failed.fault?.kind !== 'database-missing' || run.dialect.createDatabase === undefined)
    return failed
  try {
    const made = await run.dialect.createDatabase(run.url, connectOptions(run, options, attemptTimeoutMs))
    if (made === 'created')
      options.emit({ type: 'notice', code: 'database-created', message: `created ${run.url.shown}` })
    return undefined
  } catch (error) {
    const failure = toFailure(run, error)
    return { ...failure, reason: `it does not exist, and creating it failed: ${failure.reason}` }
  }
}

function connectOptions(run: Run, options: Stoppable, remainingMs: number): ConnectOptions {
  return {
    intent: options.intent,
    applicationName: `slipway/${run.runnerVersion} ${run.appliedBy}`,
    attemptTimeoutMs: Math.max(shortestAttempt(run), Math.min(longestAttempt(run.url), remainingMs)),
    keepaliveMs: run.config.keepaliveMs,
    history: { table: run.config.table, schema: run.config.schema, digest: options.historyDigest },
    role: run.config.role,
    readers: run.config.grantSelectTo,
    pooler: run.config.pooler,
    signal: options.signal,
    onLogin: options.onLogin,
  }
}

function toFailure(run: Run, error: unknown): Failure {
  if (isSlipwayError(error)) return { reason: error.message, fault: undefined, error }
  const fault = run.dialect.explain(error)
  return { reason: fault.message, fault, error }
}

/** Of several hosts each gets its share, twice where a writable one is looked for. */
function shortestAttempt({ url, tryMs = 0 }: Run): number {
  const hosts = url.dialect === 'postgres' ? url.hosts.length : 1
  return Math.max(500, tryMs * hosts)
}

function longestAttempt(url: DatabaseUrl): number {
  if (url.dialect !== 'postgres') return attemptTimeoutMs
  return url.hosts.length * (url.connectTimeoutMs ?? attemptTimeoutMs)
}

/** How long this kind of failure is worth waiting for, in milliseconds. */
function patienceFor(failure: Failure): number {
  if (isSlipwayError(failure.error))
    return ['read-only', 'unreachable'].includes(failure.error.code) ? Number.POSITIVE_INFINITY : 0
  switch (failure.fault?.kind) {
    case 'not-ready':
    case 'session-lost':
    case 'retryable':
    case 'cancelled':
    // No statement of a migration was sent yet: `database "x" is not currently accepting connections` (55000).
    case 'statement':
      return Number.POSITIVE_INFINITY
    case 'auth':
    case 'database-missing':
      return graceForInitMs
    default:
      return 0
  }
}

function giveUp(run: Run, failure: Failure, elapsedMs: number): SlipwayError {
  if (isSlipwayError(failure.error)) return failure.error
  const { fault, error } = failure
  const code = codeFor(fault)
  const facts = {
    cause: error,
    ...(fault?.sqlstate === undefined ? {} : { sqlstate: fault.sqlstate }),
    ...(fault?.detail === undefined ? {} : { detail: fault.detail }),
    ...(fault?.hint === undefined ? {} : { serverHint: fault.hint }),
  }
  const seconds = (elapsedMs / 1000).toFixed(1)
  if (code === 'unreachable') {
    return new SlipwayError(
      code,
      `${run.url.shown} could not be reached in ${seconds} s: ${failure.reason}`,
      facts,
    )
  }
  if (code === 'database-missing') {
    return new SlipwayError(code, `${run.url.shown}: ${failure.reason}`, {
      ...facts,
      ...hintToCreate(run.url),
    })
  }
  return new SlipwayError(code, `${run.url.shown}: ${failure.reason}`, facts)
}

function hintToCreate(url: DatabaseUrl): { hint?: string } {
  if (url.dialect !== 'postgres') return {}
  const [{ host, port }] = url.hosts
  const words = ['createdb', '-h', host, '-p', String(port), '-U', url.user, url.database]
  const createdb = words.map(shellWord).join(' ')
  return { hint: `${createdb}; or have it made: slipway up --create-database` }
}

function codeFor(fault: Fault | undefined): ErrorCode {
  switch (fault?.kind) {
    case 'auth':
      return 'auth-failed'
    case 'tls':
      return 'tls-failed'
    case 'database-missing':
      return 'database-missing'
    case 'disk-full':
      return 'disk-full'
    case 'pooler':
      return 'pooler-refused'
    case 'privilege':
      return 'privilege-missing'
    case 'read-only':
      return 'read-only'
    case 'not-writable':
      return 'not-writable'
    case 'other':
    case undefined:
      return 'bug'
    default:
      return 'unreachable'
  }
}
