/** Whoever builds an index concurrently: until it is done the index is INVALID, like one that was given up. */
import type { Link } from './link.ts'
import { literal } from './naming.ts'
import { leaveTransaction } from './workplace.ts'

/** `table` as SQL. Tells of a session that has to be waited for. */
export interface Suspect {
  readonly table: string
  readonly index: string
  readonly onNotice: (message: string) => void
}

/**
 * Returns when nobody builds on the table: a build holds SHARE UPDATE EXCLUSIVE from its beginning to its end. Waiting for it
 * holds up neither readers nor writers, and without a snapshot nobody waits for us; hence no lock timeout.
 * https://www.postgresql.org/docs/current/explicit-locking.html
 */
export async function waitForBuilder(link: Link, { table, index, onNotice }: Suspect): Promise<void> {
  const [result] = await link.simple(`select pid
from pg_catalog.pg_locks
where locktype = 'relation' and relation = ${literal(table)}::pg_catalog.regclass and granted
  and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
  and mode = 'ShareUpdateExclusiveLock' and pid <> pg_catalog.pg_backend_pid()`)
  const [holder] = result?.rows ?? []
  if (holder !== undefined)
    onNotice(
      `the index ${index} is INVALID; waiting for process ${String(holder.pid)}, which may be building it`,
    )
  try {
    await link.simple(`begin transaction isolation level read committed read write;
set local lock_timeout = 0;
lock table only ${table} in share update exclusive mode;
commit`)
  } catch (error) {
    await leaveTransaction(link)
    throw error
  }
}
