/** What a column's type stands for. */
import { parseName } from '../../../sql/quote.ts'
import type { Executor } from '../../dialect.ts'
import type { WantedColumn } from '../../operation-parts.ts'
import { literal, qualified, typeText } from './text.ts'

const known =
  /^(?:integer|bigint|smallint|text|varchar|boolean|timestamptz|timestamp|date|time|numeric|real|double|uuid|jsonb?|bytea)\b/i

export async function resolveColumn(executor: Executor, column: WantedColumn): Promise<WantedColumn> {
  return { ...column, type: await resolveType(executor, column.type) }
}

/** An enum's name is quoted, so that it is the one createEnum made; all else is written as it is. */
export async function resolveType(executor: Executor, type: string): Promise<string> {
  if (known.test(type.trim()) || /[()[\]]/.test(type)) return typeText(type)
  return (await findEnum(executor, type)) === undefined ? typeText(type) : qualified(type)
}

export interface StoredEnum {
  readonly quoted: string
  /** `e` for an enum; https://www.postgresql.org/docs/current/catalog-pg-type.html */
  readonly kind: string
  readonly values: readonly string[]
}

export async function findType(executor: Executor, text: string): Promise<StoredEnum | undefined> {
  const { schema, name } = parseName(text)
  const place =
    schema === undefined ? 'pg_catalog.pg_type_is_visible(t.oid)' : `n.nspname = ${literal(schema)}`
  const [row] = await executor.query(
    `select pg_catalog.format('%I.%I', n.nspname, t.typname) as quoted, t.typtype::text as kind,
  (select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder)::text
   from pg_catalog.pg_enum e where e.enumtypid = t.oid) as labels
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.typname = ${literal(name)} and ${place}`,
    [],
  )
  if (row === undefined) return undefined
  const values = typeof row.labels === 'string' ? (JSON.parse(row.labels) as string[]) : []
  return { quoted: String(row.quoted), kind: String(row.kind), values }
}

async function findEnum(executor: Executor, type: string): Promise<StoredEnum | undefined> {
  try {
    const found = await findType(executor, type)
    return found?.kind === 'e' ? found : undefined
  } catch (error) {
    // A type such as `a.b.c` is no name of ours; the server will say what it makes of it.
    if (error instanceof Error && error.message.startsWith('cannot read')) return undefined
    throw error
  }
}
