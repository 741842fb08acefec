/** One step: attempts until it is applied, and the right error when it cannot be. */
import {
  type Attempt,
  CommitUnanswered,
  type Executor,
  type Fault,
  type Session,
  StatementError,
  TurnLost,
} from '../dialects/dialect.ts'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import { checkpoint, type LockHolder } from '../events.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import type { Step } from '../plan/plan.ts'
import { describeHolder } from '../text/describe-holder.ts'
import { firstTry, isStepwise, newTry, recordOf, type Scribe } from './attempt.ts'
import { describeFailure, type FailedStep, faultOf } from './failure.ts'
import { openResumption } from './resume.ts'
import type { Run } from './run.ts'
import { settleFailure } from './settle-failure.ts'
import { backoff, sleep } from './sleep.ts'

export interface Watch {
  around(executor: Executor, work: () => Promise<void>): Promise<void>
  /** It was rolled back only to be run again. */
  wantsAnother(thrown: unknown): boolean
}

export interface StepPlace {
  readonly run: Run
  readonly session: Session
  readonly step: Step
  readonly migration: LoadedMigration
  /** 1-based place in the plan. */
  readonly index: number
  readonly total: number
  /** Stands around the work of a body inside its transaction; see watchLosses. */
  readonly watch?: Watch
  /** Before the statements after the first so many are run outside a transaction. Throws data-loss. */
  readonly look?: (statementsDone: number) => Promise<void>
  /** The one after it in the plan, where the plan is settled. */
  readonly next?: () => StepPlace | undefined
}

/** `committed-unanswered`: the server was asked to commit and the connection ended before the answer. */
export type StepOutcome = 'done' | 'committed-unanswered'

export function tellStarted({ run, step, index, total, migration: { body } }: StepPlace): void {
  const statements = body.kind === 'sql' ? { statements: body.statements.length } : {}
  run.emit({ type: 'step-started', name: step.name, action: step.action, index, total, ...statements })
}

export async function executeStep(place: StepPlace): Promise<StepOutcome> {
  const { run, step, index, total } = place
  const began = performance.now()
  tellStarted(place)
  let outcome: StepOutcome
  try {
    outcome = await attemptUntilDone(place)
  } catch (error) {
    if (isSlipwayError(error))
      run.emit({ type: 'step-failed', name: step.name, error, durationMs: performance.now() - began })
    throw error
  }
  if (outcome === 'done') {
    run.emit({
      type: 'step-finished',
      name: step.name,
      action: step.action,
      index,
      total,
      durationMs: performance.now() - began,
    })
    checkpoint('between-migrations', step.name)
  }
  return outcome
}

/** While an attempt runs, a stop asks the server to end its statement, again and again: one request may find it between two. */
export async function withCancellation<T>({ run, session }: StepPlace, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let asking: Promise<unknown> = Promise.resolve()
  const cancel = () => {
    const ask = () => {
      asking = Promise.all([asking, session.cancel().catch(() => {})])
    }
    ask()
    timer = setInterval(ask, 250)
  }
  run.signal.throwIfAborted()
  run.signal.addEventListener('abort', cancel, { once: true })
  try {
    return await work()
  } finally {
    clearInterval(timer)
    run.signal.removeEventListener('abort', cancel)
    // A request still on its way would hit what comes next.
    await asking
  }
}

async function attemptUntilDone(place: StepPlace): Promise<StepOutcome> {
  const { run, session, step, migration } = place
  const record = recordOf(run, migration)
  if (step.action === 'skip') {
    await session.recordSkipped(record)
    return 'done'
  }
  const deadline = performance.now() + run.config.ddlRetryForMs
  for (let tries = 1; ; tries++) {
    run.signal.throwIfAborted()
    const { attempt, scribe } = tries === 1 ? firstTry(place) : newTry(place)
    try {
      if (isStepwise(place)) {
        const resumption = await openResumption(place, attempt, tries > 1)
        await place.look?.(resumption.statementsDone)
        await withCancellation(place, () => session.applyStepwise(resumption))
      } else await withCancellation(place, () => session.applyInTransaction(attempt))
      return 'done'
    } catch (thrown) {
      if (thrown instanceof CommitUnanswered) return 'committed-unanswered'
      if (thrown instanceof TurnLost) throw thrown
      if (place.watch?.wantsAnother(thrown) === true) continue
      run.echo?.failed(migration, thrown)
      const failed: FailedStep = { migration, thrown, query: scribe.tracker?.failed }
      const fault = faultOf(run, failed)
      if (fault.kind !== 'retryable' || run.signal.aborted || !mayRunAgain(place, scribe, thrown))
        throw await settleFailure(place, record, failed, fault)
      await pauseBeforeRetry(place, attempt, { fault, failed, tries, deadline })
    }
  }
}

/** Outside a transaction the work of a script stays, and so does what a procedure committed: a second run would double it. */
function mayRunAgain(place: StepPlace, scribe: Scribe, thrown: unknown): boolean {
  const { body, options } = place.migration
  if (!isStepwise(place) || options.resumable) return true
  if (body.kind !== 'sql') return (scribe.tracker?.answered ?? 0) === 0
  return !(thrown instanceof StatementError && body.statements[thrown.index]?.transaction === 'may-commit')
}

interface Retry {
  readonly fault: Fault
  readonly failed: FailedStep
  readonly tries: number
  readonly deadline: number
}

export async function pauseBeforeRetry(place: StepPlace, attempt: Attempt, retry: Retry): Promise<void> {
  const { run, step } = place
  const blockers = await findBlockers(place, attempt, retry.failed)
  const delayMs = backoff(retry.tries - 1, 1000, 15_000)
  if (performance.now() + delayMs > retry.deadline) {
    // 40P01 and 40001 are no question of patience with a lock.
    const isConflict = retry.fault.sqlstate?.startsWith('40') === true
    const error = describeFailure(run, retry.failed, isConflict ? 'transient' : 'ddl-lock-timeout')
    const tries = retry.tries === 1 ? '1 attempt' : `${retry.tries} attempts`
    const names = blockers.map((blocker) => describeHolder(blocker, new Date(), run.config.redact))
    const who = names.length === 0 ? '' : `; held up by ${names.join(', ')}`
    throw new SlipwayError(error.code, `${error.message} (${tries})${who}`, error.facts)
  }
  run.emit({
    type: 'step-retrying',
    name: step.name,
    attempt: retry.tries,
    sqlstate: retry.fault.sqlstate ?? '',
    reason: retry.fault.message,
    blockers,
    delayMs,
  })
  await sleep(delayMs, run.signal)
}

/** Of a script only its failed query tells which tables it wanted. */
async function findBlockers(
  { run, session }: StepPlace,
  attempt: Attempt,
  { query }: FailedStep,
): Promise<readonly LockHolder[]> {
  if (attempt.body.statements !== undefined || query === undefined) return session.blockers(attempt)
  const statements = await run.dialect.parse(query.text).catch(() => [])
  return session.blockers({ ...attempt, body: { kind: 'sql', statements } })
}
