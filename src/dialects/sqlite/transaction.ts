/** A migration and its history row in one transaction. */
import { checkpoint } from '../../events.ts'
import { transactionControlOf } from '../../sql/transaction-control.ts'
import { AlreadyRecorded, type Attempt, type CodeBody, StatementError } from '../dialect.ts'
import { createChecks } from './checks.ts'
import { createCodeExecutor } from './code-executor.ts'
import type { Handle } from './driver.ts'
import { dropsAnyTable, type Enforcement, setEnforcement } from './foreign-keys.ts'
import { createGuard, EnforcementInTheWay, type Guard } from './guard.ts'
import type { HistoryTables } from './history.ts'
import { readState } from './history-rows.ts'
import { openLater, type Shelter } from './operations/ground.ts'
import { yieldToSignals } from './poll.ts'
import { beginRevert, recordDone } from './record-done.ts'
import type { Store } from './store.ts'
import { listViolations, refuseNewViolations } from './violations.ts'
import { withinSavepoint } from './whole.ts'
import { beginWrite, commitWrite, rollbackQuietly } from './write-transaction.ts'

/** See Session.applyInTransaction. */
export async function applyInTransaction(
  store: Store,
  tables: HistoryTables,
  attempt: Attempt,
): Promise<void> {
  const { body } = attempt
  if (dropsAnyTable(body.statements ?? [])) return await applyOnce(store, tables, attempt, 'off')
  try {
    await applyOnce(store, tables, attempt, 'on')
  } catch (error) {
    if (!(error instanceof EnforcementInTheWay)) throw error
    await applyOnce(store, tables, attempt, 'off')
  }
}

async function applyOnce(
  store: Store,
  tables: HistoryTables,
  attempt: Attempt,
  enforcement: Enforcement,
): Promise<void> {
  const busy = { budgetMs: attempt.ddlLockTimeoutMs, signal: attempt.signal }
  const { name } = attempt.record
  await store.write(async (handle) => {
    setEnforcement(handle, enforcement)
    if (enforcement === 'off') checkpoint('foreign-keys-off', name)
    await beginWrite(handle, busy)
    if (enforcement === 'off') checkpoint('foreign-keys-off', name)
    try {
      await applyWithin(handle, tables, attempt, enforcement)
      checkpoint('commit-sent', name)
      await commitWrite(handle, busy)
      checkpoint('committed', name)
    } finally {
      rollbackQuietly(handle)
    }
  })
}

/** The migration and its bookkeeping, in a transaction that is open. */
export async function applyWithin(
  handle: Handle,
  tables: HistoryTables,
  attempt: Attempt,
  enforcement: Enforcement,
): Promise<void> {
  const { name } = attempt.record
  const began = performance.now()
  const { reverts } = attempt
  if (reverts === undefined) refuseRecorded(handle, tables, name)
  else beginRevert(handle, tables, reverts)
  const violations = listViolations(handle)
  await runGuarded(handle, attempt, enforcement)
  checkpoint('last-statement-done', name)
  refuseNewViolations(handle, violations)
  recordDone(handle, tables, attempt, performance.now() - began)
  checkpoint('history-row-written', name)
}

/** A `started` row is that of an attempt which did not finish; this one finishes it. */
function refuseRecorded(handle: Handle, tables: HistoryTables, name: string): void {
  const state = readState(handle, tables, name)
  if (state === 'applied' || state === 'skipped') throw new AlreadyRecorded(`${name} is recorded as ${state}`)
}

/** What the guard ended is ended, even if the body caught the error and returned. */
async function runGuarded(handle: Handle, attempt: Attempt, enforcement: Enforcement): Promise<void> {
  const guard = createGuard(handle, attempt, enforcement)
  try {
    await runBody(handle, guard, attempt)
  } catch (error) {
    throw guard.ended === undefined ? error : guard.ended.error
  }
  if (guard.ended !== undefined) throw guard.ended.error
}

async function runBody(handle: Handle, guard: Guard, attempt: Attempt): Promise<void> {
  const { body, onStatement } = attempt
  if (body.kind === 'code') return await runCode(handle, guard, attempt.record.name, body)
  for (const [index, { text }] of body.statements.entries()) {
    await yieldToSignals()
    const began = performance.now()
    guard.run({ text, sentAt: 0 }, [], (error) => new StatementError(index, error))
    onStatement(index, performance.now() - began)
  }
}

async function runCode(
  handle: Handle,
  guard: Guard,
  name: string,
  { run, statements }: CodeBody,
): Promise<void> {
  const executor = createCodeExecutor((statement, values) => {
    const control = transactionControlOf(statement.text)
    // What SQL says has been read before: a savepoint is all there can be.
    if (control !== undefined && !(control === 'other' && statements !== undefined))
      throw new Error(
        `a migration in a transaction cannot send ${statement.text}: slipway begins and commits it; set transaction: false in its options to do that yourself`,
      )
    return guard.run(statement, values)
  })
  const shelter: Shelter = {
    name,
    enclose: (work) => executor.exclusively((inner) => withinSavepoint(handle, () => work(inner))),
    requireShield: guard.requireShield,
  }
  try {
    await run(executor, createChecks(executor), openLater(shelter))
  } finally {
    executor.end()
  }
}
