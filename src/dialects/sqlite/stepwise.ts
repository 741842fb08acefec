/** A migration that runs outside a transaction: recorded as started, advanced step by step, then recorded as applied. */
import { checkpoint } from '../../events.ts'
import { AlreadyRecorded, type StepwiseAttempt } from '../dialect.ts'
import { setEnforcement } from './foreign-keys.ts'
import type { HistoryTables } from './history.ts'
import { readState, writeLog, writeRow } from './history-rows.ts'
import { beginRevert, recordDone } from './record-done.ts'
import { asFinal, patientBudget, runCode } from './stepwise-code.ts'
import type { StepwiseRun } from './stepwise-run.ts'
import { runStatements } from './stepwise-sql.ts'
import type { Store } from './store.ts'
import { beginWrite, commitWrite, rollbackQuietly, withWriteTransaction } from './write-transaction.ts'

/** See Session.applyStepwise. */
export async function applyStepwise(
  store: Store,
  tables: HistoryTables,
  attempt: StepwiseAttempt,
): Promise<void> {
  const busy = { budgetMs: attempt.ddlLockTimeoutMs, signal: attempt.signal }
  const { body, record } = attempt
  await store.write(async (handle) => {
    const run: StepwiseRun = { handle, tables, attempt, busy }
    setEnforcement(handle, 'on')
    const began = performance.now()
    await withWriteTransaction(handle, busy, () => recordIntent(run))
    checkpoint('intent-written', record.name)
    try {
      if (body.kind === 'sql') await runStatements(run, body.statements)
      else await runCode(run, body)
    } finally {
      rollbackQuietly(handle)
    }
    checkpoint('last-statement-done', record.name)
    await recordEnd(run, performance.now() - began).catch((error: unknown) => {
      throw body.kind === 'code' ? asFinal(error) : error
    })
  })
}

function recordIntent({ handle, tables, attempt }: StepwiseRun): void {
  const { record, resume, statementsDone, reverts } = attempt
  if (reverts !== undefined) {
    beginRevert(handle, tables, reverts, statementsDone)
    writeLog(handle, tables, record, { event: 'revert', statementsDone })
    return
  }
  const state = readState(handle, tables, record.name)
  if (state === 'applied' || state === 'skipped' || (state === 'started' && !resume))
    throw new AlreadyRecorded(`${record.name} is recorded as ${state}`)
  writeRow(handle, tables, record, { state: 'started', durationMs: 0, statementsDone })
  writeLog(handle, tables, record, { event: resume ? 'resume' : 'start', statementsDone })
}

/** No signal ends this: the work is done, and leaving it unrecorded would make it look unfinished. */
async function recordEnd({ handle, tables, attempt }: StepwiseRun, durationMs: number): Promise<void> {
  const { record } = attempt
  const busy = { budgetMs: patientBudget(attempt.ddlLockTimeoutMs) }
  await beginWrite(handle, busy)
  try {
    recordDone(handle, tables, attempt, durationMs)
    checkpoint('history-row-written', record.name)
    checkpoint('commit-sent', record.name)
    await commitWrite(handle, busy)
    checkpoint('committed', record.name)
  } finally {
    rollbackQuietly(handle)
  }
}
