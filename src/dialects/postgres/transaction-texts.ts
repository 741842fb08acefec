/** What stands around the work of a migration in its transaction, and what its answers prove. */
import { AlreadyRecorded, type Attempt } from '../dialect.ts'
import { isServerError } from './errors.ts'
import { insertLog, insertStarted, markApplied } from './history-rows.ts'
import type { ResultSet } from './link.ts'
import { executeApplied, executeStarted } from './prepared-rows.ts'
import { asAmender, asWriter } from './privileges.ts'
import { logRevert, markReverting, removeReverted, requireDelete } from './revert-rows.ts'
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
  const start = isPrepared ? executeStarted(attempt.record) : startOf(place, attempt)
  return `${place.begin}
set local lock_timeout = ${attempt.ddlLockTimeoutMs};
lock table ${place.names.history} in share row exclusive mode;
${start};
set local statement_timeout = ${attempt.statementTimeoutMs}`
}

function startOf({ names }: Workplace, { record, reverts }: Attempt): string {
  const start =
    reverts === undefined
      ? insertStarted(names, record)
      : `${requireDelete(names)};\n${markReverting(names, reverts, 0)}`
  return `${start}\nreturning ${proofs.started}`
}

function endOf({ names, since = 'pg_catalog.transaction_timestamp()' }: Workplace, attempt: Attempt): string {
  const { record, reverts } = attempt
  if (reverts === undefined) return `${markApplied(names, record, since)};\n${insertLog(names, 'up', record)}`
  const duration = `pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - ${since})::numeric * 1000)`
  return `${removeReverted(names, reverts)};\n${logRevert(names, record, { event: 'down', duration })}`
}

/**
 * Works in whatever role, search_path and timeout the migration left us. Deferred constraints are checked before those
 * are changed: at COMMIT a trigger would no longer find the tables that the migration's search_path names.
 */
export function closing(place: Workplace, attempt: Attempt, isPrepared = false): string {
  const end = isPrepared
    ? executeApplied(attempt.record)
    : `${endOf(place, attempt)}\nreturning ${proofs.logged}`
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
  { reverts }: Pick<Attempt, 'reverts'>,
): Promise<ResultSet[]> {
  try {
    if (reverts === undefined) return await asWriter(names, role, () => opened)
    const begun = await asAmender(names, role, () => opened)
    if (begun.at(-1)?.rows.length === 0) throw new AlreadyRecorded('another runner reverted it first')
    return begun
  } catch (error) {
    const isOwnRow =
      isServerError(error) &&
      error.code === '23505' &&
      error.table_name === names.table &&
      error.schema_name === names.schema
    throw isOwnRow ? new AlreadyRecorded('another runner recorded it first', { cause: error }) : error
  }
}
