/** Changes of history that run nothing. Inside the caller's write transaction. */
import type { Amendment } from '../amendment.ts'
import { AlreadyRecorded } from '../dialect.ts'
import { type Handle, runStatement } from './driver.ts'
import type { HistoryTables } from './history.ts'
import { readState, writeLog, writeRow } from './history-rows.ts'
import { forgetReverting } from './progress-table.ts'
import { toSqliteValues } from './values.ts'

/** One change and its line in the log. */
export function amend(handle: Handle, tables: HistoryTables, amendment: Amendment): void {
  const { kind, record, detail } = amendment
  changeRow(handle, tables, amendment)
  writeLog(handle, tables, record, { event: kind === 'stamp' ? 'stamp' : 'repair', error: detail })
}

function changeRow(handle: Handle, tables: HistoryTables, amendment: Amendment): void {
  const { record } = amendment
  switch (amendment.kind) {
    case 'stamp':
      if (readState(handle, tables, record.name) !== undefined)
        throw new AlreadyRecorded(`${record.name} is recorded already`)
      writeRow(handle, tables, record, {
        state: amendment.state,
        durationMs: 0,
        statementsDone: 0,
        appliedAt: amendment.appliedAt,
      })
      return
    case 'accept':
      runStatement(
        handle,
        `update ${tables.history} set checksum = ?, source = ?, breaking = ? where name = ? and state <> 'started'`,
        toSqliteValues([record.checksum, record.source, record.breaking, record.name]),
      )
      return
    case 'finish':
      runStatement(
        handle,
        `update ${tables.history}
         set state = 'applied', checksum = ?, source = ?, breaking = ?, applied_at = ?, applied_by = ?, runner_version = ?, run_id = ?
         where name = ? and state = 'started'`,
        toSqliteValues([
          record.checksum,
          record.source,
          record.breaking,
          new Date().toISOString(),
          record.appliedBy,
          record.runnerVersion,
          record.runId,
          record.name,
        ]),
      )
      return
    case 'restore':
      forgetReverting(handle, tables, record.name)
      runStatement(
        handle,
        `update ${tables.history} set state = 'applied', statements_done = 0
         where name = ? and state = 'started' and statements_done < 0`,
        [record.name],
      )
      return
    case 'forget':
      runStatement(handle, `delete from ${tables.history} where name = ?`, [record.name])
      return
  }
}
