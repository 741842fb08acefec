/** Another tool's table: how it is read, and how the history takes its place in one transaction. */
import { SlipwayError } from '../../errors.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Adoption, ForeignSnapshot, ForeignTable, WantsTable } from '../adoption.ts'
import type { Row } from '../dialect.ts'
import { createAbsent, selectSchema } from './create-history.ts'
import { isServerError } from './errors.ts'
import { readOnly, type ServerFacts } from './facts.ts'
import * as rows from './history-rows.ts'
import type { Link } from './link.ts'
import { type HistoryNames, literal, nameLog, requireWholeName } from './naming.ts'
import { asAdopter } from './privileges.ts'
import { type Reader, readAs } from './read-as.ts'
import { type Workplace, writeHistory } from './workplace.ts'

export interface ForeignReader {
  readonly link: Link
  readonly names: HistoryNames
  readonly reader: Reader
  /** Of the history; undefined where search_path leads nowhere. */
  readonly schema: string | undefined
}

export async function readForeign(place: ForeignReader, wants: WantsTable): Promise<ForeignSnapshot> {
  const { link, names, reader, schema } = place
  const found = (await readAs(link, reader, selectRelations)).map(toRelation)
  const tables: ForeignTable[] = []
  for (const relation of found) {
    const { name, columns, isTable } = relation
    if (!isTable || !wants({ name: name.toLowerCase(), columns: columns.map((column) => column.name) }))
      continue
    tables.push(await readTable(place, relation))
  }
  return {
    tables,
    historySchema: schema,
    historyTable: names.table,
    taken: found.filter((relation) => relation.schema === schema).map(({ name }) => name),
  }
}

interface Relation {
  readonly schema: string
  readonly name: string
  readonly isTable: boolean
  readonly columns: readonly { readonly name: string; readonly isInstant: boolean }[]
}

/** Every relation: a new name must be free among all of them. */
const selectRelations = `select n.nspname as schema, c.relname as name, c.relkind in ('r', 'p') as is_table,
  coalesce((select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'name', a.attname,
      'isInstant', a.atttypid in ('timestamp'::regtype, 'timestamptz'::regtype)) order by a.attnum)
    from pg_catalog.pg_attribute a
    where c.relkind in ('r', 'p') and a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, c.relname`

function toRelation(row: Row): Relation {
  return {
    schema: String(row.schema),
    name: String(row.name),
    isTable: row.is_table === true,
    columns: Array.isArray(row.columns) ? (row.columns as Relation['columns']) : [],
  }
}

async function readTable({ link, reader }: ForeignReader, relation: Relation): Promise<ForeignTable> {
  const table = qualify(relation)
  const fields = relation.columns.map(({ name, isInstant }) => {
    const column = `t.${quotePostgresId(name)}`
    // Without a time zone it is in that of the session which wrote it; this one's is the best guess.
    const text = isInstant ? `(pg_catalog.to_json(${column}::timestamptz) #>> '{}')` : `${column}::text`
    return `${literal(name.toLowerCase())}, ${text}`
  })
  const [row] = await readAs(
    link,
    reader,
    `select ${markOf(table)} as mark,
  (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(${fields.join(', ')}))), '[]') from ${table} as t) as rows`,
  )
  return {
    schema: relation.schema,
    name: relation.name,
    columns: relation.columns.map(({ name }) => name),
    rows: Array.isArray(row?.rows) ? (row.rows as ForeignTable['rows']) : [],
    mark: String(row?.mark),
  }
}

function qualify({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quotePostgresId(schema)}.${quotePostgresId(name)}`
}

/** The same for the same rows, whatever order they are found in. */
function markOf(table: string): string {
  return `(select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(pg_catalog.string_agg(pg_catalog.to_jsonb(m)::text, ',' order by pg_catalog.to_jsonb(m)::text collate "C"), ''), 'UTF8')), 'hex') from ${table} as m)`
}

/** See Session.adoptHistory. */
export async function adoptHistory(place: Workplace, facts: ServerFacts, adoption: Adoption): Promise<void> {
  const { link, names } = place
  const { source, moveTo } = adoption
  if (moveTo !== undefined) requireWholeName(moveTo, 'SLIPWAY_TABLE')
  const isSchemaThere = (await readOnly(link, selectSchema(names))).length > 0
  const found = {
    history: own(facts, names, names.table, moveTo),
    log: own(facts, names, nameLog(names.table)),
  }
  const absent = createAbsent(names, { facts, found, isSchemaThere })
  const text = [
    `set local lock_timeout = ${Math.max(1, Math.round(adoption.lockTimeoutMs))}`,
    ...(await lockAgainst(place, adoption)),
    refuseChange(source),
    ...(moveTo === undefined ? [] : [`alter table ${qualify(source)} rename to ${quotePostgresId(moveTo)}`]),
    ...(absent === '' ? [] : [absent]),
    ...adoption.amendments.map((amendment) => rows.amend(names, amendment)),
    rows.insertLog(names, 'adopt', adoption.record, { error: adoption.detail }),
  ].join(';\n')
  try {
    await asAdopter(`${source.schema}.${source.name}`, place, () =>
      writeHistory(place, text, adoption.beforeCommit),
    )
  } catch (error) {
    if (!isServerError(error)) throw error
    if (error.code === changedState) throw changed(source, error)
    throw error.code === '55P03' ? held(adoption, error) : error
  }
}

/**
 * Against what that tool has not committed yet. Whoever may not write to its table may not lock it either, and has
 * nothing but the comparison. https://www.postgresql.org/docs/current/sql-lock.html
 */
async function lockAgainst({ link }: Workplace, { source, moveTo }: Adoption): Promise<string[]> {
  const table = qualify(source)
  if (moveTo !== undefined) return [`lock table ${table} in access exclusive mode`]
  const [row] = await readOnly(
    link,
    `select pg_catalog.has_table_privilege(${literal(table)}, 'UPDATE, DELETE, TRUNCATE') as may`,
  )
  return row?.may === true ? [`lock table ${table} in share mode`] : []
}

function held({ source, moveTo, lockTimeoutMs }: Adoption, cause: unknown): SlipwayError {
  const why = moveTo === undefined ? 'to see what is written to it' : `to rename it to ${moveTo}`
  return new SlipwayError(
    'ddl-lock-timeout',
    `${source.schema}.${source.name} was in use for ${lockTimeoutMs} ms, and must be free for a moment ${why}; nothing was changed`,
    {
      hint: 'end what uses it, or wait for it longer: slipway adopt --ddl-lock-timeout 10s',
      cause,
      sqlstate: '55P03',
    },
  )
}

function own({ tables }: ServerFacts, names: HistoryNames, name: string, moveTo?: string) {
  if (moveTo !== undefined) return undefined
  return tables.find((table) => table.schema === names.schema && table.name === name)
}

/** Of no class that PostgreSQL uses; https://www.postgresql.org/docs/current/errcodes-appendix.html */
const changedState = 'SLW01'

function refuseChange(source: ForeignTable): string {
  return `do $slipway$ begin
  if ${markOf(qualify(source))} <> ${literal(source.mark)} then
    raise exception 'changed' using errcode = '${changedState}';
  end if;
end $slipway$`
}

function changed({ schema, name }: ForeignTable, cause: unknown): SlipwayError {
  return new SlipwayError(
    'transient',
    `${schema}.${name} changed between the look and the lock; nothing was recorded`,
    {
      hint: 'see that the other tool is not running, then look again: slipway adopt --dry-run',
      cause,
    },
  )
}
