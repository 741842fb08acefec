/** The run lock: a session-level advisory lock on the very connection that does the work. */
import { SlipwayError } from '../../errors.ts'
import type { LockHolder } from '../../events.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Row } from '../dialect.ts'
import { explain } from './errors.ts'
import { instant, readOnly, toDate } from './facts.ts'
import type { Link } from './link.ts'
import type { HistoryNames } from './naming.ts'
import { requireSameBackend, type Workplace } from './workplace.ts'

/**
 * Tried, never waited for: a waiter inside pg_advisory_lock() holds a snapshot that CREATE INDEX CONCURRENTLY waits
 * for, and one of the two dies of 40P01. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
 */
export async function tryRunLock({ link, names, pid }: Workplace): Promise<boolean> {
  const { classId, objectId } = names.lockKey
  const [tried, held] = await link.simple(
    `select pg_catalog.pg_backend_pid() as pid,
  case when pg_catalog.pg_backend_pid() = ${pid} then pg_catalog.pg_try_advisory_lock(${classId}, ${objectId}) end as ok;
select exists (
  select from pg_catalog.pg_locks
  where ${isRunLock(names)} and pid = pg_catalog.pg_backend_pid()
) as held`,
  )
  requireSameBackend(pid, tried?.rows[0])
  return tried?.rows[0]?.ok === true && held?.rows[0]?.held === true
}

/** False when the lock was not held any more, which must not pass unnoticed. */
export async function releaseRunLock(link: Link, names: HistoryNames): Promise<boolean> {
  const { classId, objectId } = names.lockKey
  const [result] = await link.simple(`select pg_catalog.pg_advisory_unlock(${classId}, ${objectId}) as ok`)
  return result?.rows[0]?.ok === true
}

/** pg_locks shows the two keys as unsigned; objsubid 2 marks the two-key form. */
function isRunLock(names: HistoryNames): string {
  return `locktype = 'advisory' and classid = ${names.lockKey.classId} and objid = ${names.lockKey.objectId >>> 0}
  and objsubid = 2 and granted
  and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`
}

/** One row for each backend that holds it. */
export function selectRunLock(names: HistoryNames): string {
  return `select pid from pg_catalog.pg_locks where ${isRunLock(names)}`
}

/** True if it was told to end; false if it does not hold the lock any more. Throws privilege-missing. */
export async function endRunLockHolder(
  link: Link,
  names: HistoryNames,
  holder: LockHolder,
  role: string,
): Promise<boolean> {
  if (holder.pid === undefined) return false
  const held = `select pid from pg_catalog.pg_locks where ${isRunLock(names)} and pid = ${holder.pid}`
  try {
    const rows = await readOnly(
      link,
      `select pg_catalog.pg_terminate_backend(pid) as ok from (${held}) as held`,
    )
    return rows[0]?.ok === true
  } catch (error) {
    const fault = explain(error)
    if (fault.kind !== 'privilege') throw error
    throw new SlipwayError(
      'privilege-missing',
      `the role ${role} may not end pid ${holder.pid}: ${fault.message}`,
      {
        hint: await findRemedy(link, holder.pid, role),
        sqlstate: '42501',
        ...(fault.detail === undefined ? {} : { detail: fault.detail }),
        cause: error,
      },
    )
  }
}

/** https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL */
async function findRemedy(link: Link, pid: number, role: string): Promise<string> {
  const [row] = await readOnly(
    link,
    `select r.rolname as name, r.rolsuper as super
from pg_catalog.pg_stat_activity as a join pg_catalog.pg_roles as r on r.oid = a.usesysid
where a.pid = ${pid}`,
  )
  if (row?.super === true) return `as a superuser: select pg_terminate_backend(${pid})`
  return `grant pg_signal_backend to ${quotePostgresId(role)}; or run it as the role ${String(row?.name)}`
}

/** Of pg_stat_activity, for `toHolder`. */
export const holderColumns = `pid, application_name, case client_port when -1 then '[local]' else pg_catalog.host(client_addr) end as client_address, ${instant('backend_start')} as since, state, ${instant('state_change')} as state_since,
  pg_catalog.left(query, 300) as statement`

/** As the login: pg_stat_activity tells little of other roles' sessions, and all runners log in as one. */
export async function findRunLockHolder(link: Link, names: HistoryNames): Promise<LockHolder | undefined> {
  const [row] = await readOnly(
    link,
    `set local role none;
select ${holderColumns}
from pg_catalog.pg_stat_activity
where pid in (${selectRunLock(names)})
  and pid <> pg_catalog.pg_backend_pid()`,
  )
  return row === undefined ? undefined : toHolder(row)
}

/** What the server shows in place of another role's statement to a role without pg_read_all_stats. */
const hidden = '<insufficient privilege>'

export function toHolder(row: Row): LockHolder {
  const since = toDate(row.since)
  const stateSince = toDate(row.state_since)
  return {
    pid: Number(row.pid),
    ...(typeof row.application_name === 'string' ? { applicationName: row.application_name } : {}),
    ...(typeof row.client_address === 'string' ? { clientAddress: row.client_address } : {}),
    ...(since === undefined ? {} : { since }),
    ...(typeof row.state === 'string' ? { state: row.state } : {}),
    ...(stateSince === undefined ? {} : { stateSince }),
    ...(typeof row.statement === 'string' && row.statement !== hidden ? { statement: row.statement } : {}),
  }
}
