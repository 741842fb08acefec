/** What the parts of a stepwise attempt share. */
import { checkpoint } from '../../events.ts'
import type { Row, StepwiseAttempt } from '../dialect.ts'
import type { Handle } from './driver.ts'
import { countChildren, findParentDrop, readEnforcement, refuseCascadingDrop } from './foreign-keys.ts'
import type { HistoryTables } from './history.ts'
import { noticeOf } from './ignored-pragma.ts'
import type { BusyOptions } from './poll.ts'
import { type SentStatement, sendStatement } from './send.ts'

export interface StepwiseRun {
  readonly handle: Handle
  readonly tables: HistoryTables
  readonly attempt: StepwiseAttempt
  readonly busy: BusyOptions
}

/**
 * Sends one statement. Throws foreign-keys before a `drop table` that would cascade: what it would delete could not be
 * brought back, and enforcement is the migration's own here, because the pragma works outside a transaction.
 */
export function sendStep(
  { handle, attempt }: StepwiseRun,
  statement: SentStatement,
  values: readonly unknown[] = [],
): Row[] {
  const notice = handle.inTransaction ? noticeOf(statement.text) : undefined
  if (notice !== undefined) attempt.onNotice(notice)
  const drop = findParentDrop(handle, statement.text)
  if (drop !== undefined && readEnforcement(handle) === 'on') refuseCascadingDrop(drop)
  const findLoss = drop === undefined ? undefined : countChildren(handle, drop)
  checkpoint('statement-sent', attempt.record.name)
  const rows = sendStatement(handle, statement, values)
  checkpoint('statement-done', attempt.record.name)
  const loss = findLoss?.()
  if (loss !== undefined) throw loss
  return rows
}
