/** What stands around the work of a migration in its transaction, and what its answers prove. */
import { AlreadyRecorded, type Attempt } from '../dialect.ts'
import { isServerError } from './errors.ts'
import { insertLog, insertStarted, markApplied } from './history-rows.ts'
import type { ResultSet } from './link.ts'
import { executeApplied, executeStarted } from './prepared-rows.ts'
import { asWriter } from './privileges.ts'
import { requireSameBackend, type Workplace } from './workplace.ts'

export interface Finished {
  readonly xidBefore: unknown
  readonly xidAfter: unknown
  /** History rows that were marked applied. */
  readonly rows: number
}

const xid = 'pg_catalog.pg_current_xact_id_if_assigned()::text as xid'

/** What the statements that write history are asked for besides. */
export const proofs = {
  started: 'pg_catalog.pg_current_xact_id()::text as xid, pg_catalog.pg_backend_pid() as pid',
  logged: xid,
} as const

/** `isPrepared`: see prepareRows. */
export function opening(place: Workplace, attempt: Attempt, isPrepared = false): string {
  const { record } = attempt
  const start = isPrepared
    ? executeStarted(record)
    : `${insertStarted(place.names, record)}\nreturning ${proofs.started}`
  return `${place.begin}
set local lock_timeout = ${attempt.ddlLockTimeoutMs};
lock table ${place.names.history} in share row exclusive mode;
${start};
set local statement_timeout = ${attempt.statementTimeoutMs}`
}

/**
 * Works in whatever role, search_path and timeout the migration left us. Deferred constraints are checked before those
 * are changed: at COMMIT a trigger would no longer find the tables that the migration's search_path names.
 */
export function closing(place: Workplace, { record }: Attempt, isPrepared = false): string {
  const { names } = place
  const end = isPrepared
    ? executeApplied(record)
    : `${markApplied(names, record, place.since ?? 'pg_catalog.transaction_timestamp()')};
${insertLog(names, 'up', record)}
returning ${proofs.logged}`
  return `set constraints all immediate;
${place.identity};
set local search_path = pg_catalog;
set local statement_timeout = 0;
set local lock_timeout = 0;
set local idle_in_transaction_session_timeout = 0;
${end}`
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
