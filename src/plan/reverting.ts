/**
 * How history says that a migration is being reverted: its row is `started` and `statements_done` is negative, -1 minus
 * the statements of the down that are done, or the batches of its backfills. No release knows another meaning of such a number.
 */
import type { HistoryRow } from './migration.ts'

export function countReverted(statementsDone: number): number {
  return -1 - statementsDone
}

/** From what a row holds. */
export function readProgress(
  state: HistoryRow['state'],
  stored: number,
): Pick<HistoryRow, 'statementsDone' | 'reverting'> {
  if (stored >= 0) return { statementsDone: stored }
  return {
    statementsDone: countReverted(stored),
    ...(state === 'started' ? { reverting: true as const } : {}),
  }
}
