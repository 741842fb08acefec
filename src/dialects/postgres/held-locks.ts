/** Which locks a migration holds on tables that were there before it; https://www.postgresql.org/docs/current/view-pg-locks.html */
import type { Executor } from '../dialect.ts'
import type { LockProbe } from '../probe.ts'

/** From weakest to strongest, as pg_locks names them. */
const modes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
]

/** In the session, and where there is one the transaction, of the executor. */
export async function openLockProbe(executor: Executor, ours: readonly string[]): Promise<LockProbe> {
  const before = await readRelations(executor)
  let held = new Map<string, number>()
  return {
    async look() {
      const now = await readHeld(executor, before)
      for (const table of ours) now.delete(table)
      const gained = [...now].filter(([table, mode]) => mode > (held.get(table) ?? -1))
      held = now
      const [strongest] = gained.sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
      if (strongest === undefined) return undefined
      return { table: strongest[0], mode: modes[strongest[1]] ?? '' }
    },
  }
}

const userRelations = `pg_catalog.pg_class as class join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
where space.nspname !~ '^pg_' and space.nspname <> 'information_schema' and class.relkind in ('r', 'p', 'm', 'v', 'f')`

async function readRelations(executor: Executor): Promise<ReadonlySet<string>> {
  const rows = await executor.query(`select class.oid::text as oid from ${userRelations}`, [])
  return new Set(rows.map(({ oid }) => String(oid)))
}

async function readHeld(executor: Executor, before: ReadonlySet<string>): Promise<Map<string, number>> {
  const rows = await executor.query(
    `select held.relation::text as oid, held.mode,
  coalesce((select pg_catalog.format('%I.%I', space.nspname, class.relname) from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as space on space.oid = class.relnamespace where class.oid = held.relation), held.relation::text) as shown
from pg_catalog.pg_locks as held
where held.pid = pg_catalog.pg_backend_pid() and held.locktype = 'relation' and held.granted`,
    [],
  )
  const found = new Map<string, number>()
  for (const { oid, mode, shown } of rows) {
    if (!before.has(String(oid))) continue
    const rank = modes.indexOf(String(mode))
    found.set(String(shown), Math.max(rank, found.get(String(shown)) ?? -1))
  }
  return found
}
