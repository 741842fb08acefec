/** What stands around the work of a migration in its transaction, and what its answers prove. */
import { AlreadyRecorded, type Attempt } from '../dialect.ts'
import { isServerError } from './errors.ts'
import { insertLog, insertStarted, markApplied } from './history-rows.ts'
import type { ResultSet } from './link.ts'
import { asWriter } from './privileges.ts'
import { requireSameBackend, type Workplace } from './workplace.ts'

export interface Finished {
  readonly xidBefore: unknown
  readonly xidAfter: unknown
  /** History rows that were marked applied. */
  readonly rows: number
}

const xid = 'pg_catalog.pg_current_xact_id_if_assigned()::text as xid'

export function opening(place: Workplace, attempt: Attempt): string {
  return `${place.begin}
set local lock_timeout = ${attempt.ddlLockTimeoutMs};
lock table ${place.names.history} in share row exclusive mode;
${insertStarted(place.names, attempt.record)}
returning pg_catalog.pg_current_xact_id()::text as xid, pg_catalog.pg_backend_pid() as pid;
set local statement_timeout = ${attempt.statementTimeoutMs}`
}

/**
 * Works in whatever role, search_path and timeout the migration left us. Deferred constraints are checked before those
 * are changed: at COMMIT a trigger would no longer find the tables that the migration's search_path names.
 */
export function closing(place: Workplace, attempt: Attempt): string {
  return `set constraints all immediate;
${place.identity};
set local search_path = pg_catalog;
set local statement_timeout = 0;
set local lock_timeout = 0;
${markApplied(place.names, attempt.record, 'applied_at')};
${insertLog(place.names, 'up', attempt.record)}
returning ${xid}`
}

export const currentTransaction = `select ${xid}`

export function xidOf(results: readonly ResultSet[]): unknown {
  return results.at(-1)?.rows[0]?.xid
}

export function finish(
  { pid }: Workplace,
  opened: readonly ResultSet[],
  closed: readonly ResultSet[],
): Finished {
  requireSameBackend(pid, opened.at(-1)?.rows[0])
  return { xidBefore: xidOf(opened), xidAfter: xidOf(closed), rows: closed[0]?.rows.length ?? 0 }
}

/** Nothing of the migration has run yet. */
export async function awaitOpening(
  { names, role }: Workplace,
  opened: Promise<ResultSet[]>,
): Promise<ResultSet[]> {
  try {
    return await asWriter(names, role, () => opened)
  } catch (error) {
    const isOwnRow =
      isServerError(error) &&
      error.code === '23505' &&
      error.table_name === names.table &&
      error.schema_name === names.schema
    throw isOwnRow ? new AlreadyRecorded('another runner recorded it first', { cause: error }) : error
  }
}
