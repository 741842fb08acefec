/** Runs the statements of a non-transactional SQL migration, unit by unit. */
import { isSlipwayError } from '../../errors.ts'
import type { ParsedStatement } from '../../sql/statement.ts'
import { StatementError } from '../dialect.ts'
import { dropsAnyTable, readEnforcement, setEnforcement } from './foreign-keys.ts'
import { writeProgress, writeReverting } from './history-rows.ts'
import { retryWhileBusy, yieldToSignals } from './poll.ts'
import { sendStatement } from './send.ts'
import { type StepwiseRun, sendStep } from './stepwise-run.ts'
import { formUnits, isConnectionState, type Unit } from './units.ts'
import { listViolations, refuseNewViolations } from './violations.ts'
import { beginWrite, commitWrite, rollbackQuietly, withWriteTransaction } from './write-transaction.ts'

/** Runs what is left of `statements` after attempt.statementsDone. Throws StatementError. */
export async function runStatements(run: StepwiseRun, statements: readonly ParsedStatement[]): Promise<void> {
  const { statementsDone } = run.attempt
  for (const unit of formUnits(statements)) {
    if (unit.first + unit.statements.length <= statementsDone) {
      await restoreConnection(run, unit)
      continue
    }
    await yieldToSignals()
    run.attempt.signal.throwIfAborted()
    const timings = await runUnit(run, unit)
    for (const [place, ms] of timings.entries()) run.attempt.onStatement(unit.first + place, ms)
  }
}

/** A connection forgets its pragmas and what was attached to it; the new one of a resumed migration needs them again. */
async function restoreConnection(run: StepwiseRun, { kind, statements }: Unit): Promise<void> {
  if (kind !== 'alone') return
  for (const { text } of statements.filter(isConnectionState))
    await retryWhileBusy(() => sendStatement(run.handle, { text, sentAt: 0 }), run.busy)
}

/** Returns the milliseconds each statement took. */
async function runUnit(run: StepwiseRun, unit: Unit): Promise<number[]> {
  switch (unit.kind) {
    case 'single':
      return await runSingle(run, unit)
    case 'alone':
      return await runAlone(run, unit)
    case 'group':
      return await runGroup(run, unit)
  }
}

async function runSingle(run: StepwiseRun, unit: Unit): Promise<number[]> {
  return await withWriteTransaction(run.handle, run.busy, () => {
    const timings = unit.statements.map((statement, place) => sendTimed(run, statement, unit.first + place))
    recordProgress(run, unit)
    return timings
  })
}

async function runAlone(run: StepwiseRun, unit: Unit): Promise<number[]> {
  const { handle, busy } = run
  const [statement] = unit.statements
  if (statement === undefined) return []
  const began = performance.now()
  try {
    await retryWhileBusy(() => sendStep(run, { text: statement.text, sentAt: 0 }), busy)
    if (handle.inTransaction) throw new Error('it opened a transaction that nothing here ends')
  } catch (error) {
    throw atStatement(run, unit.first, error)
  }
  const elapsed = performance.now() - began
  await withWriteTransaction(handle, busy, () => recordProgress(run, unit))
  return [elapsed]
}

/**
 * The progress is written before the file's own commit. A group that drops a table runs without enforcement: the same
 * rule, for the same reason, as in a transactional migration; see foreign-keys.ts.
 */
async function runGroup(run: StepwiseRun, unit: Unit): Promise<number[]> {
  const { handle } = run
  const shielded = readEnforcement(handle) === 'on' && dropsAnyTable(unit.statements)
  if (shielded) setEnforcement(handle, 'off')
  try {
    await openGroup(run, unit)
    const violations = shielded ? listViolations(handle) : undefined
    const timings = await runInside(run, unit)
    if (violations !== undefined) refuseNewViolations(handle, violations)
    const began = performance.now()
    await closeGroup(run, unit)
    return [...timings, performance.now() - began]
  } finally {
    rollbackQuietly(handle)
    if (shielded) setEnforcement(handle, 'on')
  }
}

/** `begin` alone would take the write lock late and fail half-way; see beginWrite. */
async function openGroup({ handle, busy }: StepwiseRun, unit: Unit): Promise<void> {
  const text = unit.statements[0]?.text ?? ''
  if (/^begin\s+exclusive\b/i.test(text)) await retryWhileBusy(() => handle.exec(text), busy)
  else await beginWrite(handle, busy)
}

async function runInside(run: StepwiseRun, unit: Unit): Promise<number[]> {
  const timings = [0]
  for (const [place, statement] of unit.statements.entries()) {
    if (place === 0 || isEnd(statement)) continue
    await yieldToSignals()
    run.attempt.signal.throwIfAborted()
    timings.push(sendTimed(run, statement, unit.first + place))
  }
  return timings
}

async function closeGroup(run: StepwiseRun, unit: Unit): Promise<void> {
  const { handle, busy } = run
  const last = unit.statements.at(-1)
  const index = unit.first + unit.statements.length - 1
  if (last?.transactionControl === 'rollback') {
    rollbackQuietly(handle)
    await withWriteTransaction(handle, busy, () => recordProgress(run, unit))
  } else if (last?.transactionControl === 'commit') {
    recordProgress(run, unit)
    await commitWrite(handle, busy).catch((error: unknown) => {
      throw atStatement(run, index, error)
    })
  } else {
    throw new StatementError(unit.first, new Error('the file begins a transaction here and does not end it'))
  }
}

function isEnd({ transactionControl }: ParsedStatement): boolean {
  return transactionControl === 'commit' || transactionControl === 'rollback'
}

function recordProgress({ handle, tables, attempt }: StepwiseRun, unit: Unit): void {
  const done = unit.first + unit.statements.length
  if (attempt.reverts === undefined) writeProgress(handle, tables, attempt.record.name, done)
  else writeReverting(handle, tables, attempt.reverts, done)
}

function sendTimed(run: StepwiseRun, { text }: ParsedStatement, index: number): number {
  const began = performance.now()
  try {
    sendStep(run, { text, sentAt: 0 })
  } catch (error) {
    throw atStatement(run, index, error)
  }
  return performance.now() - began
}

/** A refusal of ours and a signal are no failure of the statement. */
function atStatement({ attempt }: StepwiseRun, index: number, error: unknown): unknown {
  const stopped = attempt.signal.aborted && error === attempt.signal.reason
  return stopped || isSlipwayError(error) ? error : new StatementError(index, error)
}
