/** CREATE and DROP INDEX CONCURRENTLY after a crash: what is there decides, never IF NOT EXISTS, which accepts an INVALID index. */
import { parseName } from '../../sql/quote.ts'
import type { ConcurrentIndex } from '../../sql/statement.ts'
import { StatementError, type StepwiseAttempt } from '../dialect.ts'
import { readOnly } from './facts.ts'
import { waitForBuilder } from './index-builder.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'

interface FoundIndex {
  /** Ready for SQL. */
  readonly name: string
  /** Likewise. */
  readonly table: string
  readonly valid: boolean
  readonly unique: boolean
  /** null in the place of an expression. */
  readonly columns: readonly (string | null)[]
}

async function findIndexes(link: Link, where: string): Promise<FoundIndex[]> {
  const rows = await readOnly(
    link,
    `select c.oid::pg_catalog.regclass::text as name, i.indrelid::pg_catalog.regclass::text as table, i.indisvalid as valid, i.indisunique as unique,
  (select pg_catalog.jsonb_agg(a.attname order by k.place)
   from pg_catalog.unnest(i.indkey) with ordinality as k (attnum, place)
   left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and k.attnum > 0
   where k.place <= i.indnkeyatts) as columns
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
where ${where}`,
  )
  return rows.map((row) => ({
    name: String(row.name),
    table: String(row.table),
    valid: row.valid === true,
    unique: row.unique === true,
    columns: Array.isArray(row.columns) ? row.columns : [],
  }))
}

async function findNamed(link: Link, wanted: ConcurrentIndex): Promise<FoundIndex | undefined> {
  if (wanted.index === undefined) return undefined
  const [found] = await findIndexes(
    link,
    wanted.table === undefined
      ? `i.indexrelid = pg_catalog.to_regclass(${literal(wanted.index)})`
      : `i.indrelid = pg_catalog.to_regclass(${literal(wanted.table)}) and c.relname = ${literal(parseName(wanted.index).name)}`,
  )
  return found
}

/** The server chose the name: it is the index of that shape which is younger than the last record of progress. */
async function findUnnamed(
  link: Link,
  wanted: ConcurrentIndex,
  since: string,
): Promise<FoundIndex | undefined> {
  const found = await findIndexes(
    link,
    `i.indrelid = pg_catalog.to_regclass(${literal(wanted.table ?? '')})
  and pg_catalog.age(i.xmin) < pg_catalog.age(${literal(since)}::pg_catalog.xid)`,
  )
  return found.find((one) => isSameIndex(one, wanted))
}

/**
 * Called when the previous attempt was interrupted at this statement; `since` is the transaction that recorded its
 * progress last. Returns true when its work turns out to be done. An INVALID index it left is dropped.
 */
export async function prepareConcurrentIndex(
  link: Link,
  wanted: ConcurrentIndex,
  attempt: StepwiseAttempt,
  since: string,
): Promise<boolean> {
  const find = () => (wanted.index === undefined ? findUnnamed(link, wanted, since) : findNamed(link, wanted))
  let found = await find()
  if (found?.valid === false && wanted.action === 'create') {
    // The interrupted runner is dead; its statement may live on at the server, and come to its end.
    await waitForBuilder(link, { table: found.table, index: found.name }, attempt)
    found = await find()
  }
  if (wanted.action === 'drop')
    return found === undefined && wanted.index !== undefined && !attempt.failedBefore
  if (found === undefined) return false
  if (found.valid) return !attempt.failedBefore && isSameIndex(found, wanted)
  attempt.onNotice(`dropping the INVALID index ${found.name} that the interrupted attempt left`)
  try {
    await link.simple(`drop index concurrently if exists ${found.name}`)
    return false
  } catch (error) {
    // Who builds lets go of the table a moment before it can be seen that the index is valid.
    const now = link.lost ? undefined : await find()
    if (now?.valid !== true) throw error
    return !attempt.failedBefore && isSameIndex(now, wanted)
  }
}

/** As far as names tell; where they do not, the statement runs again and the server judges (42P07). */
function isSameIndex(found: FoundIndex, wanted: ConcurrentIndex): boolean {
  const columns = wanted.columns ?? []
  return (
    found.unique === (wanted.unique ?? false) &&
    found.columns.length === columns.length &&
    columns.every((column, place) => column === undefined || column === found.columns[place])
  )
}

export async function requireValidIndex(
  link: Link,
  wanted: ConcurrentIndex,
  statement: number,
): Promise<void> {
  const found = await findNamed(link, wanted)
  if (found === undefined || found.valid) return
  throw new StatementError(
    statement,
    new Error(`the index ${found.name} exists but is INVALID, so no query uses it; drop it and run again`),
  )
}
