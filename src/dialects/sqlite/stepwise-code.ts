/** Runs a non-transactional migration that is written as code. */
import { messageOf } from '../../errors.ts'
import type { StepBody } from '../dialect.ts'
import { createChecks } from './checks.ts'
import { createCodeExecutor } from './code-executor.ts'
import { sqliteCodeOf } from './errors.ts'
import { createLongWork } from './long-work.ts'
import { openLater, type Shelter } from './operations/ground.ts'
import { retryWhileBusy } from './poll.ts'
import { type StepwiseRun, sendStep } from './stepwise-run.ts'
import { openTransactions } from './whole.ts'

/** How long one statement waits for the app's writers, at least. Waiting for the write lock holds nobody up. */
const patienceMs = 60_000

/** 0, no limit, stays 0. */
export function patientBudget(budgetMs: number): number {
  return budgetMs === 0 ? 0 : Math.max(patienceMs, budgetMs)
}

/** Statements commit one by one and operations as a whole, unless the migration begins a transaction of its own. */
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
    const { name } = run.attempt.record
    const transactions = openTransactions(run.handle, name, busy)
    const shelter: Shelter = {
      name,
      enclose: (work, tell) => executor.exclusively((inner) => transactions.enclose(() => work(inner), tell)),
      requireShield: transactions.requireShield,
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

/** What has run is committed: SQLITE_BUSY would have the whole script run again. */
export function asFinal(error: unknown): unknown {
  if (sqliteCodeOf(error)?.startsWith('SQLITE_BUSY') !== true) return error
  return new Error(`the database stayed locked: ${messageOf(error)}`, { cause: error })
}
