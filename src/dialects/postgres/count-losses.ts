/** How much is in what a down would take away. Reads only, and never for long. */

import { showPostgresId } from '../../sql/postgres-names.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Row } from '../dialect.ts'
import type { CountedLoss, Loss } from '../reverting.ts'
import { explain } from './errors.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'
import { type Reader, readAs } from './read-as.ts'

/** From here on the statistics are good enough. */
const countableRows = 100_000
const patienceMs = 3000

export interface CountPlace {
  readonly link: Link
  readonly reader: Reader
  /** Of the URL: what names without a schema mean. */
  readonly searchPath: string | undefined
}

/** What is not found is missing, and cannot be counted. */
export async function countLosses(place: CountPlace, losses: readonly Loss[]): Promise<CountedLoss[]> {
  const counted: CountedLoss[] = []
  for (const loss of losses)
    counted.push(...(await countLoss(place, loss).catch((error: unknown) => missingIfGone(error, loss))))
  return counted
}

/** Another runner may be dropping it at this very moment: undefined_table, undefined_column. */
function missingIfGone(error: unknown, loss: Loss): CountedLoss[] {
  const { sqlstate } = explain(error)
  if (sqlstate === '42P01' || sqlstate === '42703') return missing(loss)
  throw error
}

function missing(loss: Loss): CountedLoss[] {
  const unknown = { rows: undefined, isEstimate: false, isMissing: true } as const
  switch (loss.kind) {
    case 'table':
    case 'rows':
      return [{ kind: loss.kind, what: loss.table, ...unknown }]
    case 'column':
      return [{ kind: 'column', what: `${loss.table}.${showPostgresId(loss.column)}`, ...unknown }]
    case 'schema':
      return [{ kind: 'table', what: `the schema ${showPostgresId(loss.schema)}`, ...unknown }]
    default:
      return []
  }
}

async function countLoss(place: CountPlace, loss: Loss): Promise<CountedLoss[]> {
  switch (loss.kind) {
    case 'opaque':
      return [{ kind: 'opaque', what: loss.what, rows: undefined, isEstimate: false }]
    case 'schema':
      return countSchema(place, loss)
    case 'rebuild':
      return []
    case 'column':
      return loss.isUnsure === true ? missing(loss) : countColumn(place, loss)
    default: {
      const size = loss.isUnsure === true ? undefined : await findTable(place, loss.table)
      return size === undefined
        ? missing(loss)
        : [{ kind: loss.kind, what: loss.table, ...(await rowsOf(place, size)) }]
    }
  }
}

interface Table {
  /** `"schema"."name"` */
  readonly name: string
  /** -1: never analysed. */
  readonly estimate: number
}

async function read(place: CountPlace, select: string): Promise<Row[]> {
  const { link, reader, searchPath } = place
  const path = searchPath === undefined ? '' : `set local search_path = ${quotePostgresId(searchPath)};\n`
  // Where a policy would hide rows, counting is an error.
  const settings = `set local statement_timeout = ${patienceMs};\nset local row_security = off;\n`
  return readAs(link, reader, `${settings}${path}${select}`)
}

const describe = `pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name,
  case when c.relkind = 'r' then c.reltuples::float8 else -1 end as estimate
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace`

async function findTable(place: CountPlace, table: string): Promise<Table | undefined> {
  const [row] = await read(
    place,
    `select ${describe} where c.oid = pg_catalog.to_regclass(${literal(table)}) and c.relkind in ('r', 'p')`,
  ).catch(ignorePrivilege)
  return row === undefined ? undefined : { name: String(row.name), estimate: Number(row.estimate) }
}

/** A schema that this role may not use. */
function ignorePrivilege(error: unknown): Row[] {
  if (explain(error).kind === 'privilege') return []
  throw error
}

async function countSchema(
  place: CountPlace,
  loss: Extract<Loss, { kind: 'schema' }>,
): Promise<CountedLoss[]> {
  const { schema } = loss
  const [there] = await read(
    place,
    `select 1 as one from pg_catalog.pg_namespace where nspname = ${literal(schema)}`,
  )
  if (there === undefined) return missing(loss)
  const rows = await read(
    place,
    `select c.relname::text as table, ${describe}
where n.nspname = ${literal(schema)} and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  )
  const counted: CountedLoss[] = []
  for (const row of rows) {
    const table = { name: String(row.name), estimate: Number(row.estimate) }
    const what = `${showPostgresId(schema)}.${showPostgresId(String(row.table))}`
    counted.push({ kind: 'table', what, ...(await rowsOf(place, table)) })
  }
  return counted
}

async function countColumn(
  place: CountPlace,
  loss: Extract<Loss, { kind: 'column' }>,
): Promise<CountedLoss[]> {
  const { table: name, column } = loss
  const table = await findTable(place, name)
  if (table === undefined) return missing(loss)
  const [there] = await read(
    place,
    `select 1 as one from pg_catalog.pg_attribute
where attrelid = pg_catalog.to_regclass(${literal(name)}) and attname = ${literal(column)} and attnum > 0 and not attisdropped`,
  )
  if (there === undefined) return missing(loss)
  const what = `${name}.${showPostgresId(column)}`
  const id = quotePostgresId(column)
  if (table.estimate >= countableRows && !(await holdsAny(place, table, id)))
    return [{ kind: 'column', what, rows: 0, isEstimate: false }]
  return [{ kind: 'column', what, ...(await rowsOf(place, table, id)) }]
}

/** True also where there was no time to find out. */
async function holdsAny(place: CountPlace, { name }: Table, column: string): Promise<boolean> {
  const found = await read(place, `select 1 as one from ${name} where ${column} is not null limit 1`).catch(
    (error: unknown) => {
      const { kind } = explain(error)
      if (kind === 'cancelled' || kind === 'privilege' || kind === 'retryable') return [{}]
      throw error
    },
  )
  return found.length > 0
}

/** All rows, or those where the column holds a value. A large table's own figure stands for both. */
async function rowsOf(
  place: CountPlace,
  { name, estimate }: Table,
  column?: string,
): Promise<Pick<CountedLoss, 'rows' | 'isEstimate'>> {
  if (estimate >= countableRows) return { rows: Math.round(estimate), isEstimate: true }
  try {
    const [row] = await read(place, `select pg_catalog.count(${column ?? '*'}) as rows from ${name}`)
    return { rows: Number(row?.rows), isEstimate: false }
  } catch (error) {
    const { kind } = explain(error)
    if (kind !== 'cancelled' && kind !== 'privilege' && kind !== 'retryable') throw error
    return estimate > 0
      ? { rows: Math.round(estimate), isEstimate: true }
      : { rows: undefined, isEstimate: false }
  }
}
