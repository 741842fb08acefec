/** The table that long work is about, by the name a migration gave it. */
import { parseName, quotePostgresId } from '../../sql/quote.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'

export interface FoundTable {
  readonly oid: string
  readonly schema: string
  readonly name: string
  /** `"schema"."table"` */
  readonly sql: string
  /** `schema.table`, for people. */
  readonly shown: string
  /** `r` ordinary, `p` partitioned. */
  readonly kind: string
}

/** Throws where there is none. */
export async function findTable(link: Link, text: string): Promise<FoundTable> {
  const { schema, name } = parseName(text)
  const quoted = (schema === undefined ? [name] : [schema, name]).map(quotePostgresId).join('.')
  const [row] = await readOnly(
    link,
    `select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = pg_catalog.to_regclass(${literal(quoted)}) and c.relkind in ('r', 'p')`,
  )
  if (row === undefined) throw new Error(`there is no table ${text}`)
  const found = { oid: String(row.oid), schema: String(row.schema), name: String(row.name) }
  return {
    ...found,
    sql: `${quotePostgresId(found.schema)}.${quotePostgresId(found.name)}`,
    shown: `${found.schema}.${found.name}`,
    kind: String(row.kind),
  }
}
