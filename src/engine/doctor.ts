/** Looks at everything a run needs. Goes on after a failure with what can still be looked at, and never waits long. */
import type { Config } from '../config/config.ts'
import type { Diagnosis } from '../dialects/diagnosis.ts'
import type { Session, SessionFacts } from '../dialects/dialect.ts'
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'
import type { LockHolder } from '../events.ts'
import type { Discovery } from '../files/discover.ts'
import { describeHolder } from '../text/describe-holder.ts'
import { examineFiles } from './doctor-files.ts'
import { examineHistory, examinePlan } from './doctor-history.ts'
import { failed } from './doctor-verdict.ts'
import { describeSessionFailure } from './failure.ts'
import { endingOf } from './lock.ts'
import { openSession } from './open.ts'
import type { Run } from './run.ts'

export interface Examination {
  /** In the order in which a run needs them. */
  readonly checks: readonly Diagnosis[]
  readonly facts: SessionFacts | undefined
}

export interface ExamineOptions {
  /** How long to wait for the database to answer, and then for each answer. */
  readonly timeoutMs: number
  /** What the caller knows of the place it runs in. */
  readonly place: readonly Diagnosis[]
}

/** An answer may take this long, however short the patience for the first one. */
const leastPatienceMs = 5000

/** `run` is undefined where no database is configured. */
export async function examine(
  config: Config,
  cwd: string,
  run: Run | undefined,
  options: ExamineOptions,
): Promise<Examination> {
  const files = await examineFiles(config, cwd)
  const before = [...examineSettings(config, run), ...options.place, ...files.checks]
  if (run === undefined) return { checks: before, facts: undefined }
  const database = await examineDatabase(run, files.found, options)
  return { checks: [...before, ...database.checks], facts: database.facts }
}

function examineSettings({ warnings, databaseProblem }: Config, run: Run | undefined): Diagnosis[] {
  const check = 'settings'
  const unknown = warnings.map(
    ({ message }): Diagnosis => ({
      check,
      level: 'warn',
      message,
      remedy: 'slipway --help lists the settings',
    }),
  )
  // A tenant that is named by URL needs no other.
  const isNeedless = run !== undefined && databaseProblem?.code === 'no-url'
  const problems = databaseProblem === undefined || isNeedless ? [] : [failed(check, databaseProblem)]
  if (unknown.length + problems.length > 0) return [...problems, ...unknown]
  return [{ check, level: 'ok', message: 'all of them are known and can be read' }]
}

async function examineDatabase(
  run: Run,
  found: Discovery | undefined,
  { timeoutMs }: ExamineOptions,
): Promise<Examination> {
  const began = performance.now()
  let session: Session
  try {
    session = await openSession(run, { intent: 'read', timeoutMs })
  } catch (error) {
    run.signal.throwIfAborted()
    return { checks: [failed('connection', toFailure(run, error))], facts: undefined }
  }
  const connected: Diagnosis = {
    check: 'connection',
    level: 'ok',
    message: `${run.url.shown} answered within ${Math.ceil((performance.now() - began) / 100) / 10} s`,
  }
  try {
    const patience = Math.max(timeoutMs, leastPatienceMs)
    const checks = await examineSession({ run, session, found }, patience)
    return { checks: [connected, ...checks], facts: session.facts }
  } finally {
    await session.close()
  }
}

interface Place {
  readonly run: Run
  readonly session: Session
  readonly found: Discovery | undefined
}

/** One after the other, since they share a connection; what does not answer in time ends the looking. */
async function examineSession({ run, session, found }: Place, patienceMs: number): Promise<Diagnosis[]> {
  const checks: Diagnosis[] = []
  let holder: LockHolder | undefined
  const lookAtLock = async () => {
    holder = await session.runLockHolder()
    return [describeLock(run, session, holder)]
  }
  const parts: readonly [string, () => Promise<readonly Diagnosis[]>][] = [
    ['database', () => session.examine()],
    ['lock', lookAtLock],
    ['history', () => examineHistory(session)],
    ['migrations', () => examinePlan({ run, session, found, holder })],
  ]
  for (const [name, look] of parts) {
    try {
      checks.push(...(await within(patienceMs, look)))
    } catch (error) {
      run.signal.throwIfAborted()
      if (error instanceof NoAnswer) {
        checks.push({
          check: name,
          level: 'fail',
          message: `no answer within ${patienceMs / 1000} s; what comes after was not looked at`,
          remedy: remedyForSilence(name),
          code: 'unreachable',
        })
        break
      }
      checks.push(failed(name, toFailure(run, error)))
    }
  }
  return withoutEcho(checks)
}

function remedyForSilence(check: string): string {
  return check === 'migrations'
    ? 'look at what the migrations await at top level'
    : "look for what holds it up: a lock on the history table, or the server's load"
}

/** What cannot be read for want of a privilege is told once, with the GRANT. */
function withoutEcho(checks: readonly Diagnosis[]): Diagnosis[] {
  const lacks = checks.some(({ check, code }) => check === 'privileges' && code === 'privilege-missing')
  return checks.filter(({ check, code }) => !lacks || check === 'privileges' || code !== 'privilege-missing')
}

function describeLock(run: Run, session: Session, holder: LockHolder | undefined): Diagnosis {
  const check = 'lock'
  if (holder === undefined)
    return { check, level: 'ok', message: `the run lock of ${session.facts.historyTable} is free` }
  return {
    check,
    level: 'warn',
    message: `the run lock is held by ${describeHolder(holder, session.facts.now, run.config.redact)}`,
    remedy:
      holder.pid === undefined ? 'slipway unlock' : `wait for it, or end it: ${endingOf(run, holder.pid)}`,
  }
}

class NoAnswer extends Error {}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new NoAnswer()), ms)
  try {
    return await Promise.race([work(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function toFailure(run: Run, error: unknown): SlipwayError {
  const described = describeSessionFailure(run, error, 'looking')
  if (isSlipwayError(described)) return described
  return new SlipwayError('bug', messageOf(error), { cause: error })
}
