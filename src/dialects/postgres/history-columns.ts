/** The shape of the history table, format 1. A later format adds columns; a table with more than these is a newer slipway's and readable. */
import type { HistoryCandidate, ServerFacts } from './facts.ts'
import type { HistoryNames } from './naming.ts'

export const historyColumns = [
  'id',
  'name',
  'checksum',
  'applied_at',
  'duration_ms',
  'applied_by',
  'runner_version',
  'run_id',
  'state',
  'statements_done',
  'breaking',
  'source',
] as const

/** Every table, in whatever schema, that could be a history of slipway's by name and columns. */
export function findHistories({ tables }: ServerFacts, names: HistoryNames): HistoryCandidate[] {
  return tables.filter(
    (table) => table.name === names.table && historyColumns.every((column) => table.columns.includes(column)),
  )
}
