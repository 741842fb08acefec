/** How many migrations are in each state; every state is there, also with 0. */
import type { MigrationState } from '../plan/migration.ts'
import type { MigrationStatus } from './results.ts'

export function countStates(migrations: readonly MigrationStatus[]): Record<MigrationState, number> {
  const counts: Record<MigrationState, number> = {
    applied: 0,
    pending: 0,
    skipped: 0,
    archived: 0,
    ahead: 0,
    changed: 0,
    missing: 0,
    late: 0,
    unfinished: 0,
  }
  for (const { state } of migrations) counts[state] += 1
  return counts
}
