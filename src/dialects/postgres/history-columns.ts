/** The shape of the history table, format 1. A later format adds columns; a table with more than these is a newer slipway's and readable. */
import type { ServerFacts } from './facts.ts'
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

/** Whether facts.digest is of a history of ours; a table that is not is refused where it is read. */
export function hasOwnHistory({ tables }: ServerFacts, names: HistoryNames): boolean {
  const own = tables.find(({ schema, name }) => schema === names.schema && name === names.table)
  return own !== undefined && historyColumns.every((column) => own.columns.includes(column))
}
