/** What is there, asked of the catalogues. */
import { parseName } from '../../../sql/quote.ts'
import type { Executor, Row } from '../../dialect.ts'
import { badOperation } from '../../operation-parts.ts'
import { literal, quoteId } from './text.ts'

export interface Relation {
  readonly oid: string
  readonly schema: string
  readonly name: string
  /** `"schema"."name"` */
  readonly quoted: string
  /** https://www.postgresql.org/docs/current/catalog-pg-class.html */
  readonly kind: string
}

export interface StoredColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly default: string | undefined
  readonly identity: boolean
}

const words: Readonly<Record<string, string>> = {
  v: 'view',
  m: 'materialized view',
  i: 'index',
  I: 'index',
  S: 'sequence',
  c: 'composite type',
}

export function describeKind(kind: string): string {
  return words[kind] ?? 'table'
}

/** The relation of that name, of any kind. */
export async function findRelation(executor: Executor, text: string): Promise<Relation | undefined> {
  const { schema, name } = parseName(text)
  const place =
    schema === undefined ? 'pg_catalog.pg_table_is_visible(c.oid)' : `n.nspname = ${literal(schema)}`
  const [row] = await executor.query(
    `select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind::text as kind
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relname = ${literal(name)} and ${place}`,
    [],
  )
  if (row === undefined) return undefined
  const [inSchema, found] = [String(row.schema), String(row.name)]
  const quoted = `${quoteId(inSchema)}.${quoteId(found)}`
  return { oid: String(row.oid), schema: inSchema, name: found, quoted, kind: String(row.kind) }
}

/** Undefined where there is nothing of that name. Throws bad-operation for what is no table. */
export async function findTable(executor: Executor, table: string): Promise<Relation | undefined> {
  const found = await findRelation(executor, table)
  if (found !== undefined && !'rpf'.includes(found.kind))
    throw badOperation(`${table} is a ${describeKind(found.kind)}, not a table`)
  return found
}

/** Throws bad-operation. */
export async function requireTable(executor: Executor, table: string): Promise<Relation> {
  const found = await findTable(executor, table)
  if (found === undefined) throw badOperation(`there is no table ${table}`)
  return found
}

export async function readColumns(executor: Executor, oid: string): Promise<StoredColumn[]> {
  return (await executor.query(columnsText(oid), [])).map(toColumn)
}

/** `oid`: a number, or an expression for one. */
export function columnsText(oid: string): string {
  return `select a.attname as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid) as value, a.attidentity <> '' as identity
from pg_catalog.pg_attribute a
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped
order by a.attnum`
}

export function toColumn(row: Row): StoredColumn {
  return {
    name: String(row.name),
    type: String(row.type),
    nullable: row.nullable === true,
    default: typeof row.value === 'string' ? row.value : undefined,
    identity: row.identity === true,
  }
}

/** Throws bad-operation. */
export async function requireColumns(
  executor: Executor,
  table: Relation,
  names: readonly string[],
): Promise<void> {
  const known = new Set((await readColumns(executor, table.oid)).map(({ name }) => name))
  const missing = names.find((name) => !known.has(name))
  if (missing !== undefined) throw badOperation(`${table.name} has no column ${missing}`)
}

export function describeColumn(column: StoredColumn): string {
  const identity = column.identity ? ' identity' : ''
  // A sequence of its own has a name of its own.
  const value = column.default?.replace(/^nextval\(.*$/s, 'nextval(…)')
  return `${column.name} ${column.type}${identity}${column.nullable ? '' : ' not null'}${value === undefined ? '' : ` default ${value}`}`
}
