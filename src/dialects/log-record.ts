/** A row of the log table: the columns have the same names in both dialects. */
import type { LogRecord } from './amendment.ts'
import type { Row } from './dialect.ts'

/** `at`, since dates are written differently. */
export function toLogRecord(row: Row, at: Date): LogRecord {
  return {
    id: Number(row.id),
    at,
    event: String(row.event),
    name: String(row.name),
    checksum: String(row.checksum),
    statementsDone: row.statements_done === null ? undefined : Number(row.statements_done),
    durationMs: row.duration_ms === null ? undefined : Number(row.duration_ms),
    appliedBy: String(row.applied_by),
    runnerVersion: String(row.runner_version),
    runId: String(row.run_id),
    detail: row.error === null ? undefined : String(row.error),
  }
}
