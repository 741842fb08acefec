/** What a backfill pages by: a unique key without nulls, so that every row has one place in the order. */
import { quotePostgresId } from '../../sql/quote.ts'
import { readOnly } from './facts.ts'
import type { FoundTable } from './find-table.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'

export interface KeyColumn {
  readonly name: string
  /** `"name"` */
  readonly sql: string
  /** As SQL, to cast a text to. */
  readonly type: string
}

/** The wanted key, else the primary key, else the narrowest other one. Throws where there is none, naming what there is. */
export async function chooseKey(
  link: Link,
  table: FoundTable,
  wanted: readonly string[] | undefined,
): Promise<readonly KeyColumn[]> {
  const keys = await listKeys(link, table)
  const [first] = keys
  if (wanted === undefined) {
    if (first !== undefined) return first
    throw new Error(
      `${table.shown} has neither a primary key nor a unique index on columns that are not null; a backfill needs one to go by`,
    )
  }
  const found = keys.find((key) => key.map(({ name }) => name).join('\0') === wanted.join('\0'))
  if (found !== undefined) return found
  const known = keys.map((key) => `(${key.map(({ name }) => name).join(', ')})`)
  throw new Error(
    `(${wanted.join(', ')}) is no unique key without nulls of ${table.shown}; ${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}`,
  )
}

/** By another collation than the column's, rows could be equal that are not the same. */
async function listKeys(link: Link, table: FoundTable): Promise<KeyColumn[][]> {
  const rows = await readOnly(
    link,
    `select (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) order by k.place)
    from pg_catalog.unnest(i.indkey) with ordinality as k (attnum, place)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where k.place <= i.indnkeyatts and a.attnotnull
      and i.indcollation[(k.place - 1)::pg_catalog.int4] = a.attcollation) as columns, i.indnkeyatts as width
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_am m on m.oid = c.relam
where i.indrelid = ${literal(table.oid)}::pg_catalog.oid and m.amname = 'btree'
  and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
order by i.indisprimary desc, i.indnkeyatts, c.relpages, c.relname`,
  )
  return rows
    .filter(({ columns, width }) => Array.isArray(columns) && columns.length === Number(width))
    .map(({ columns }) =>
      (columns as [string, string][]).map(([name, type]) => ({ name, sql: quotePostgresId(name), type })),
    )
}
