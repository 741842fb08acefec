/** Runs a non-transactional migration that is written as code. */
import { messageOf, SlipwayError } from '../../errors.ts'
import { checkpoint } from '../../events.ts'
import type { StepBody } from '../dialect.ts'
import { createChecks } from './checks.ts'
import { createCodeExecutor } from './code-executor.ts'
import { sqliteCodeOf } from './errors.ts'
import { readEnforcement, setEnforcement } from './foreign-keys.ts'
import { createLongWork } from './long-work.ts'
import { openLater } from './operations/ground.ts'
import { type BusyOptions, retryWhileBusy } from './poll.ts'
import { type StepwiseRun, sendStep } from './stepwise-run.ts'
import { shieldFrame } from './shield-frame.ts'
import { listViolations, refuseNewViolations } from './violations.ts'
import { beginWrite, commitWrite, rollbackQuietly } from './write-transaction.ts'

/** How long one statement waits for the app's writers, at least. Waiting for the write lock holds nobody up. */
const patienceMs = 60_000

/** 0, no limit, stays 0. */
export function patientBudget(budgetMs: number): number {
  return budgetMs === 0 ? 0 : Math.max(patienceMs, budgetMs)
}

/** Statements commit one by one, unless the migration begins a transaction of its own. */
export async function runCode(run: StepwiseRun, body: Extract<StepBody, { kind: 'code' }>): Promise<void> {
  const { signal } = run.attempt
  const busy = { budgetMs: patientBudget(run.busy.budgetMs), signal }
  let refused = false
  let begun = false
  const executor = createCodeExecutor(async (statement, values) => {
    refused ||= signal.aborted
    try {
      const rows = await retryWhileBusy(() => sendStep(run, statement, values), busy)
      begun = true
      return rows
    } catch (error) {
      throw begun ? asFinal(error) : error
    }
  })
  try {
    const shelter = {
      name: run.attempt.record.name,
      exclusively: executor.exclusively,
      shield: <T>(work: () => Promise<T>, tell: Tell) => shield(run, busy, { work, tell }),
    }
    await body.run(executor, createChecks(executor), openLater(shelter), createLongWork(run, busy))
  } finally {
    executor.end()
  }
  // A body that caught the refusal has not done all of its work.
  if (refused) signal.throwIfAborted()
  if (run.handle.inTransaction)
    throw new Error('the migration returned with a transaction open; send commit before it returns')
}

type Tell = (text: string) => void

/** A transaction of its own for one rebuild, unless the migration has begun one where enforcement is off already. */
async function shield<T>(
  { handle, attempt }: StepwiseRun,
  busy: BusyOptions,
  { work, tell }: { readonly work: () => Promise<T>; readonly tell: Tell },
): Promise<T> {
  const before = readEnforcement(handle)
  if (handle.inTransaction) {
    if (before === 'off') return await work()
    throw new SlipwayError(
      'foreign-keys',
      'rebuilding a table in a transaction of your own could lose rows of its children',
      {
        hint: 'leave out transaction: false, or send pragma foreign_keys = off before your begin',
      },
    )
  }
  const { name } = attempt.record
  setEnforcement(handle, 'off')
  tell(shieldFrame.off)
  let end: string | undefined
  try {
    checkpoint('foreign-keys-off', name)
    await beginWrite(handle, busy)
    tell(shieldFrame.begin)
    end = shieldFrame.rollback
    checkpoint('foreign-keys-off', name)
    const violations = listViolations(handle)
    const result = await work()
    refuseNewViolations(handle, violations)
    await commitWrite(handle, busy)
    end = shieldFrame.commit
    return result
  } finally {
    rollbackQuietly(handle)
    if (end !== undefined) tell(end)
    setEnforcement(handle, before)
    tell(before === 'on' ? shieldFrame.on : shieldFrame.off)
  }
}

/** What has run is committed: SQLITE_BUSY would have the whole script run again. */
export function asFinal(error: unknown): unknown {
  if (sqliteCodeOf(error)?.startsWith('SQLITE_BUSY') !== true) return error
  return new Error(`the database stayed locked: ${messageOf(error)}`, { cause: error })
}
