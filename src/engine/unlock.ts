/** Who holds the run lock, and ending that session. */
import type { Session, SessionFacts } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { LockHolder } from '../events.ts'
import { describeHolder } from '../text/describe-holder.ts'
import { describeSessionFailure } from './failure.ts'
import { endingOf } from './lock.ts'
import { openSession } from './open.ts'
import type { Run } from './run.ts'
import { sleep } from './sleep.ts'
import { reading } from './survey.ts'

export interface LockSurvey {
  readonly facts: SessionFacts
  readonly holder: LockHolder | undefined
  /** The database can end a session. */
  readonly canEnd: boolean
}

export async function surveyLock(run: Run): Promise<LockSurvey> {
  return reading(run, async (session) => ({
    facts: session.facts,
    holder: await session.runLockHolder(),
    canEnd: session.endRunLockHolder !== undefined,
  }))
}

/** What ends the holder, as far as something can. */
export function remedyFor(run: Run, { holder }: LockSurvey): string | undefined {
  return holder?.pid === undefined ? undefined : endingOf(run, holder.pid)
}

/** Throws bad-argument where the database cannot end the holder: a process is not its to end. */
export function refuseToEnd(run: Run, survey: LockSurvey): void {
  if (survey.canEnd) return
  throw new SlipwayError(
    'bad-argument',
    'the run lock of a SQLite file is held by a process, which the operating system ends and slipway does not',
    { hint: remedyFor(run, survey) ?? 'end it where it runs: on another machine, or in another container' },
  )
}

/** What came of it: who holds the lock now, once the session to end is gone. */
export interface Unlocked {
  /** False: it had let go of the lock by itself before it was told to end. */
  readonly ended: boolean
  readonly next: LockHolder | undefined
}

/**
 * Ends `holder` unless somebody else holds the lock by now, and returns when the server has let go of it. Throws
 * privilege-missing, and lock-timeout when the server does not do it in time.
 */
export async function endHolder(run: Run, holder: LockHolder): Promise<Unlocked> {
  const session = await openSession(run, { intent: 'write', timeoutMs: run.config.waitTimeoutMs })
  try {
    const ended = (await session.endRunLockHolder?.(holder)) === true
    const next = await waitUntilGone(run, session, holder)
    if (ended) await writeDown(run, session, holder)
    return { ended, next }
  } catch (error) {
    throw describeSessionFailure(run, error, 'ending the holder of the run lock')
  } finally {
    await session.close()
  }
}

async function waitUntilGone(
  run: Run,
  session: Session,
  holder: LockHolder,
): Promise<LockHolder | undefined> {
  const deadline = performance.now() + run.config.waitTimeoutMs
  for (;;) {
    const next = await session.runLockHolder()
    if (next?.pid !== holder.pid) return next
    if (performance.now() >= deadline)
      throw new SlipwayError(
        'lock-timeout',
        `pid ${holder.pid} was told to end and still holds the run lock`,
        {
          hint: 'look again: slipway unlock',
        },
      )
    await sleep(100, run.signal)
  }
}

/** Best effort: the lock is free, whatever becomes of the log. */
async function writeDown(run: Run, session: Session, holder: LockHolder): Promise<void> {
  const { appliedBy, runnerVersion, runId } = run
  const record = { name: '', checksum: '', source: '', breaking: false, appliedBy, runnerVersion, runId }
  try {
    await session.recordUnlock(record, `ended ${describeHolder(holder, new Date(), run.config.redact)}`)
  } catch (error) {
    run.emit({
      type: 'cleanup-failed',
      what: 'writing the end of that session to the log table',
      message: run.dialect.explain(error).message,
    })
  }
}
