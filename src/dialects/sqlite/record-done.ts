/** How a step ends in history: a row that says applied, or no row any more. Inside the caller's write transaction. */
import { AlreadyRecorded, type Attempt } from '../dialect.ts'
import type { Handle } from './driver.ts'
import type { HistoryTables } from './history.ts'
import { removeRow, writeLog, writeReverting, writeRow } from './history-rows.ts'

export function recordDone(
  handle: Handle,
  tables: HistoryTables,
  attempt: Attempt,
  durationMs: number,
): void {
  const { record, body, reverts } = attempt
  const statementsDone = body.kind === 'sql' ? body.statements.length : 0
  if (reverts === undefined) {
    writeRow(handle, tables, record, { state: 'applied', durationMs, statementsDone })
    writeLog(handle, tables, record, { event: 'up', durationMs, statementsDone })
    return
  }
  if (!removeRow(handle, tables, reverts))
    throw new Error(`the row of ${record.name} in ${tables.name} is gone`)
  writeLog(handle, tables, record, { event: 'down', durationMs, statementsDone })
}

/** Throws AlreadyRecorded. */
export function beginRevert(handle: Handle, tables: HistoryTables, id: number, statementsDone = 0): void {
  if (!writeReverting(handle, tables, id, statementsDone))
    throw new AlreadyRecorded('another runner reverted it first')
}
