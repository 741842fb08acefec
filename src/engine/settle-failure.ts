/** A step that failed for good: which error to throw, and what history is told of it. */
import { AlreadyRecorded, type Fault, type StepRecord, TransactionEscaped } from '../dialects/dialect.ts'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import { describeUnfinished } from '../plan/reasons.ts'
import { repairCommand } from '../plan/repair.ts'
import { isStepwise } from './attempt.ts'
import type { StepPlace } from './execute.ts'
import { describeFailure, type FailedStep } from './failure.ts'
import type { Run } from './run.ts'

/** The error to throw; what can be recorded of it is recorded. */
export async function settleFailure(
  place: StepPlace,
  record: StepRecord,
  failed: FailedStep,
  fault: Fault,
): Promise<unknown> {
  const { run, session, step, migration } = place
  const stray = strayError(run)
  if (run.signal.aborted && stray === undefined) return describeStop(place)
  if (session.lost || fault.kind === 'session-lost') {
    return new SlipwayError(
      'session-lost',
      `the connection was lost while ${step.name} ran: ${fault.message}`,
      {
        migration: step.name,
        cause: failed.thrown,
        ...(staysUnfinished(place) ? { hint: describeUnfinished(step.name).hint } : {}),
      },
    )
  }
  if (failed.thrown instanceof AlreadyRecorded) {
    return new SlipwayError('transient', `another runner recorded ${step.name} meanwhile`, {
      migration: step.name,
    })
  }
  if (failed.thrown instanceof TransactionEscaped) {
    await session.recordStarted(record)
    return new SlipwayError(
      'escaped',
      `${step.name} ended its own transaction; history marks it as unfinished`,
      {
        migration: step.name,
        location: { file: migration.file.up.shown },
        hint: `remove the commit from the migration, undo what it did, then: ${repairCommand('retry', step.name)}`,
        cause: failed.thrown,
      },
    )
  }
  const described = describeFailure(run, stray === undefined ? failed : { ...failed, thrown: stray })
  const error = staysUnfinished(place) ? withHint(described, describeUnfinished(step.name).hint) : described
  await recordFailure(place, record, error)
  return error
}

/** The signal's reason, with what is left of the step and what to do about that. */
async function describeStop(place: StepPlace): Promise<unknown> {
  const { run, session, step } = place
  const { reason } = run.signal
  if (!isSlipwayError(reason) || !isStepwise(place)) return reason
  const rows = session.lost ? undefined : await session.readHistory().catch(() => undefined)
  const row = rows?.rows.find(({ name }) => name === step.name)
  // It may have come before the step was recorded as begun.
  if (rows !== undefined && row?.state !== 'started') return reason
  const what = `${reason.message}; ${step.name} ${rows === undefined ? 'may be' : 'is'} unfinished`
  if (staysUnfinished(place))
    return new SlipwayError(reason.code, what, {
      ...reason.facts,
      ...describeUnfinished(step.name),
    })
  return new SlipwayError(reason.code, `${what} and can be resumed`, {
    ...reason.facts,
    migration: step.name,
    hint: 'to go on with it: slipway up',
  })
}

/** What the migration threw where nothing awaited it; that stops the run as a signal does. */
function strayError({ signal }: Run): SlipwayError | undefined {
  const { reason } = signal
  return isSlipwayError(reason) && reason.code === 'migration-failed' ? reason : undefined
}

/** Its work so far stays, so running it again is refused until somebody says that it is safe. */
function staysUnfinished(place: StepPlace): boolean {
  const { body, options } = place.migration
  return isStepwise(place) && body.kind === 'code' && !options.resumable
}

function withHint(error: SlipwayError, hint: string): SlipwayError {
  const changed = new SlipwayError(error.code, error.message, { ...error.facts, hint })
  if (error.stack !== undefined) changed.stack = error.stack
  return changed
}

/** Best effort: the migration's own error is the one to report. */
async function recordFailure(
  { run, session }: StepPlace,
  record: StepRecord,
  error: SlipwayError,
): Promise<void> {
  const sqlstate = error.facts.sqlstate === undefined ? '' : ` (${error.facts.sqlstate})`
  try {
    await session.recordFailure(
      record,
      run.config.redact(`${error.message}${sqlstate}`),
      error.facts.statement?.index,
    )
  } catch (failure) {
    run.emit({
      type: 'cleanup-failed',
      what: 'writing the failure to the log table',
      message: run.dialect.explain(failure).message,
    })
  }
}
