/** Who is in the way of a migration's table locks. */
import type { LockHolder } from '../../events.ts'
import { combineLocks } from '../../sql/combine-locks.ts'
import type { LockMode, TableLock } from '../../sql/statement.ts'
import type { Attempt } from '../dialect.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'
import { holderColumns, toHolder } from './lock.ts'
import { literal } from './naming.ts'

/** Modes as pg_locks spells them; https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY */
const conflicts: Readonly<Record<LockMode, readonly string[]>> = {
  'share update exclusive': [
    'ShareUpdateExclusive',
    'Share',
    'ShareRowExclusive',
    'Exclusive',
    'AccessExclusive',
  ],
  share: ['RowExclusive', 'ShareUpdateExclusive', 'ShareRowExclusive', 'Exclusive', 'AccessExclusive'],
  'share row exclusive': [
    'RowExclusive',
    'ShareUpdateExclusive',
    'Share',
    'ShareRowExclusive',
    'Exclusive',
    'AccessExclusive',
  ],
  'access exclusive': [
    'AccessShare',
    'RowShare',
    'RowExclusive',
    'ShareUpdateExclusive',
    'Share',
    'ShareRowExclusive',
    'Exclusive',
    'AccessExclusive',
  ],
}

/**
 * At most three, those with the oldest transactions. Best effort: the attempt is over, so they may be gone. Asked as the
 * login, like findRunLockHolder.
 */
export async function findBlockers(link: Link, attempt: Attempt): Promise<readonly LockHolder[]> {
  const locks = combineLocks(attempt.body.statements ?? [])
  if (locks.length === 0) return []
  try {
    return (await readOnly(link, `set local role none;\n${selectHolders(locks)}`)).map(toHolder)
  } catch {
    return []
  }
}

/** Partitions and children count: the lock is wanted on them, too. */
function selectHolders(locks: readonly TableLock[]): string {
  const wanted = locks.map(({ table, mode, only }) => {
    const modes = conflicts[mode].map((name) => literal(`${name}Lock`)).join(', ')
    return `(pg_catalog.to_regclass(${literal(table)})::oid, array[${modes}], ${only !== true})`
  })
  return `with recursive wanted (relation, modes, deep) as (
  values ${wanted.join(', ')}
  union
  select child.inhrelid, wanted.modes, true
  from wanted join pg_catalog.pg_inherits as child on child.inhparent = wanted.relation
  where wanted.deep)
select ${holderColumns}
from pg_catalog.pg_stat_activity
where pid <> pg_catalog.pg_backend_pid() and pid in (
  select held.pid
  from pg_catalog.pg_locks as held
  join wanted on held.relation = wanted.relation and held.mode = any (wanted.modes)
  where held.granted and held.locktype = 'relation'
    and held.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
order by xact_start
limit 3`
}
