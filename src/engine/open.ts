/** Waits until the database can be worked with, and returns the session. */
import type { DatabaseUrl } from '../config/url.ts'
import type { ConnectOptions, Fault, Session } from '../dialects/dialect.ts'
import { type ErrorCode, isSlipwayError, SlipwayError } from '../errors.ts'
import type { Run } from './run.ts'
import { backoff, sleep } from './sleep.ts'

/** One attempt may take this long, whatever the peer does. */
const attemptTimeoutMs = 10_000
/** Roles and databases are often made by init scripts that run after the server first answers. */
const graceForInitMs = 15_000

export interface OpenOptions {
  readonly intent: 'read' | 'write'
  readonly timeoutMs: number
}

/** Throws unreachable, auth-failed, tls-failed, database-missing, read-only, not-writable …, or the signal's reason. */
export async function openSession(run: Run, options: OpenOptions): Promise<Session> {
  const began = performance.now()
  const elapsed = () => performance.now() - began
  let told = ''
  for (let attempt = 0; ; attempt++) {
    run.signal.throwIfAborted()
    const outcome = await tryToConnect(run, options, options.timeoutMs - elapsed())
    if (!('failure' in outcome)) {
      const { session } = outcome
      run.emit({
        type: 'connected',
        dialect: run.dialect.name,
        serverVersion: session.facts.serverVersion,
        waitedMs: elapsed(),
      })
      return session
    }
    const failure = await createIfMissing(run, options, {
      failed: outcome.failure,
      leftMs: options.timeoutMs - elapsed(),
    })
    run.signal.throwIfAborted()
    if (failure === undefined) continue
    const patience = Math.min(options.timeoutMs, patienceFor(failure))
    const leftMs = patience - elapsed()
    if (leftMs <= 0) throw giveUp(run, failure, elapsed())
    if (failure.reason !== told) {
      told = failure.reason
      run.emit({ type: 'waiting-for-database', reason: told, elapsedMs: elapsed(), timeoutMs: patience })
    }
    // The last attempt is made when the time is up, not before.
    await sleep(Math.min(backoff(attempt, 100, 2000), leftMs), run.signal)
  }
}

interface Failure {
  readonly reason: string
  readonly fault: Fault | undefined
  readonly error: unknown
}

async function tryToConnect(
  run: Run,
  options: OpenOptions,
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
  options: OpenOptions,
  { failed, leftMs }: { readonly failed: Failure; readonly leftMs: number },
): Promise<Failure | undefined> {
  const isWanted = run.config.createDatabase && options.intent === 'write'
  if (!isWanted || failed.fault?.kind !== 'database-missing' || run.dialect.createDatabase === undefined)
    return failed
  try {
    const made = await run.dialect.createDatabase(run.url, connectOptions(run, options, leftMs))
    if (made === 'created')
      run.emit({ type: 'notice', code: 'database-created', message: `created ${run.url.shown}` })
    return undefined
  } catch (error) {
    const failure = toFailure(run, error)
    return { ...failure, reason: `it does not exist, and creating it failed: ${failure.reason}` }
  }
}

function connectOptions(run: Run, { intent }: OpenOptions, remainingMs: number): ConnectOptions {
  return {
    intent,
    applicationName: `slipway/${run.runnerVersion} ${run.appliedBy}`,
    attemptTimeoutMs: Math.max(500, Math.min(attemptTimeoutMs, remainingMs)),
    keepaliveMs: run.config.keepaliveMs,
    history: { table: run.config.table, schema: run.config.schema },
    role: run.config.role,
    readers: run.config.grantSelectTo,
    signal: run.signal,
  }
}

function toFailure(run: Run, error: unknown): Failure {
  if (isSlipwayError(error)) return { reason: error.message, fault: undefined, error }
  const fault = run.dialect.explain(error)
  return { reason: fault.message, fault, error }
}

/** How long this kind of failure is worth waiting for, in milliseconds. */
function patienceFor(failure: Failure): number {
  if (isSlipwayError(failure.error)) return failure.error.code === 'read-only' ? Number.POSITIVE_INFINITY : 0
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
  const words = ['createdb', '-h', url.host, '-p', String(url.port), '-U', url.user, url.database]
  const createdb = words.map((word) => (/^[\w./:-]+$/.test(word) ? word : quoteForShell(word)))
  return { hint: `${createdb.join(' ')}; or have it made: slipway up --create-database` }
}

function quoteForShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
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
