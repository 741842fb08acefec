/** The connection ended between COMMIT and its answer. History knows: its row was in the same transaction. */
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { Step } from '../plan/plan.ts'
import { acquireRunLock } from './lock.ts'
import { openSession } from './open.ts'
import type { Run } from './run.ts'

/**
 * Once the run lock is free the lost session is gone, and its commit has happened or never will.
 * Calls `onCommitted` and returns when the step was the last one; otherwise throws session-lost.
 */
export async function resolveCommit(
  run: Run,
  { name, action, history }: Pick<Step, 'name' | 'action' | 'history'>,
  isLast: boolean,
  onCommitted: () => void,
): Promise<void> {
  const isDown = action === 'revert'
  const isCommitted = await readCommit(run, name, ({ rows }) =>
    isDown
      ? !rows.some(({ id }) => id === history?.id)
      : rows.some((row) => row.name === name && row.runId === run.runId && row.state === 'applied'),
  )
  if (isCommitted === undefined) {
    throw lostAt(name, 'whether it was committed could not be found out; running again is safe')
  }
  if (!isCommitted) throw lostAt(name, 'it was not committed')
  onCommitted()
  run.emit({
    type: 'warning',
    code: 'commit-answer-lost',
    message: `the connection ended before COMMIT was answered; history says it is ${isDown ? 'reverted' : 'applied'}`,
    migration: name,
  })
  if (!isLast)
    throw lostAt(name, `it was committed; those after it are still ${isDown ? 'to be reverted' : 'pending'}`)
}

async function readCommit(
  run: Run,
  name: string,
  tells: (snapshot: HistorySnapshot) => boolean,
): Promise<boolean | undefined> {
  try {
    await using session = await openSession(run, { intent: 'write', timeoutMs: run.config.waitTimeoutMs })
    return tells(await readUnderLock(run, session))
  } catch (error) {
    run.emit({
      type: 'cleanup-failed',
      what: `finding out whether ${name} was committed`,
      message: run.dialect.explain(error).message,
    })
    return undefined
  }
}

async function readUnderLock(run: Run, session: Session): Promise<HistorySnapshot> {
  const turns = await session.turns()
  if (turns !== undefined) {
    const { withTurn } = await import('./turns.ts')
    const seen = async (snapshot: HistorySnapshot) => snapshot
    return await withTurn(run, turns, seen, seen)
  }
  // What this run may have done it does not leave for later.
  await acquireRunLock({ ...run, putOff: undefined }, session, () => false)
  const snapshot = await session.readHistory()
  await session.releaseRunLock()
  return snapshot
}

function lostAt(name: string, what: string): SlipwayError {
  return new SlipwayError(
    'session-lost',
    `the connection was lost while ${name} was being committed; ${what}`,
    { migration: name },
  )
}
