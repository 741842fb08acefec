/** Whoever builds an index concurrently: until it is done the index is INVALID, like one that was given up. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attempt } from '../dialect.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'

export interface Suspect {
  /** As SQL. */
  readonly table: string
  /** For people. */
  readonly index: string
}

/**
 * Returns when nobody builds on the table. It asks again and again, because waiting for the builder's lock would hold a snapshot,
 * and the builder waits for those: 40P01, for it or for us.
 */
export async function waitForBuilder(
  link: Link,
  { table, index }: Suspect,
  { signal, onNotice }: Pick<Attempt, 'signal' | 'onNotice'>,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    const [builder] = await readOnly(link, builderOf(table))
    if (builder === undefined) return
    if (tries === 0)
      onNotice(
        `the index ${index} is INVALID; waiting for process ${String(builder.pid)}, which may be building it`,
      )
    await sleep(Math.min(1000, 50 * 2 ** tries), undefined, { signal })
  }
}

/** Which table another role's session builds on is not shown, but its locks are. */
function builderOf(table: string): string {
  return `select l.pid
from pg_catalog.pg_locks l
join pg_catalog.pg_stat_progress_create_index p on p.pid = l.pid
where l.locktype = 'relation' and l.relation = ${literal(table)}::pg_catalog.regclass and l.granted
  and l.mode = 'ShareUpdateExclusiveLock' and l.pid <> pg_catalog.pg_backend_pid()
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`
}
