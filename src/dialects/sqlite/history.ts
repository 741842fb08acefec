/** The history tables: their shape, and whether what has their name is ours. */
import { SlipwayError } from '../../errors.ts'
import { hasVersionsOnly, hintForForeign } from '../../plan/adoption.ts'
import { quoteSqliteId } from '../../sql/quote.ts'
import { type Handle, runStatement } from './driver.ts'
import { recogniseTool } from './foreign-history.ts'

/** Both tables, ready for SQL. Always in `main`: a temporary table of the same name would otherwise win. */
export interface HistoryTables {
  readonly name: string
  readonly logName: string
  readonly history: string
  readonly log: string
}

/** Throws bad-setting for a schema other than `main`: a SQLite file has no others of its own. */
export function nameHistoryTables(options: { table: string; schema: string | undefined }): HistoryTables {
  if (options.schema !== undefined && options.schema.toLowerCase() !== 'main')
    throw new SlipwayError(
      'bad-setting',
      `SLIPWAY_SCHEMA is ${options.schema}, but a SQLite file has the one schema main`,
      { hint: 'unset SLIPWAY_SCHEMA' },
    )
  const logName = `${options.table}_log`
  return {
    name: options.table,
    logName,
    history: `main.${quoteSqliteId(options.table)}`,
    log: `main.${quoteSqliteId(logName)}`,
  }
}

const historyColumns = {
  id: 'integer primary key autoincrement',
  name: 'text not null unique',
  checksum: 'text not null',
  applied_at: 'text not null',
  duration_ms: 'integer not null',
  applied_by: 'text not null',
  runner_version: 'text not null',
  run_id: 'text not null',
  state: 'text not null',
  statements_done: 'integer not null default 0',
  breaking: 'integer not null default 0',
  source: 'text not null',
} as const

const logColumns = {
  id: 'integer primary key autoincrement',
  at: 'text not null',
  run_id: 'text not null',
  event: 'text not null',
  name: 'text not null',
  checksum: 'text not null',
  statements_done: 'integer',
  duration_ms: 'integer',
  applied_by: 'text not null',
  runner_version: 'text not null',
  error: 'text',
} as const

/**
 * Whether the history table is there. Throws foreign-history when something of that name has other columns; columns
 * beyond ours are left alone.
 */
export function hasHistory(handle: Handle, tables: HistoryTables): boolean {
  return hasTable(handle, tables.name, Object.keys(historyColumns))
}

/** The same for the log table. */
export function hasLog(handle: Handle, tables: HistoryTables): boolean {
  return hasTable(handle, tables.logName, Object.keys(logColumns))
}

/** Creates what is missing. In a write transaction, under the run lock. */
export function createHistory(handle: Handle, tables: HistoryTables): void {
  if (!hasHistory(handle, tables)) runStatement(handle, createTable(tables.history, historyColumns))
  if (!hasLog(handle, tables)) runStatement(handle, createTable(tables.log, logColumns))
}

/** Both tables, as they are made on an empty database. */
export function createWhole(tables: HistoryTables): string[] {
  return [createTable(tables.history, historyColumns), createTable(tables.log, logColumns)]
}

function createTable(table: string, columns: Readonly<Record<string, string>>): string {
  const lines = Object.entries(columns).map(([column, definition]) => `  ${column} ${definition}`)
  return `create table ${table} (\n${lines.join(',\n')}\n)`
}

function hasTable(handle: Handle, table: string, columns: readonly string[]): boolean {
  const found = runStatement(
    handle,
    `select c.name as column, t.type as type
     from pragma_table_list as t, pragma_table_xinfo(t.name, t.schema) as c
     where t.schema = 'main' and t.name = ? collate nocase
     order by c.cid`,
    [table],
  )
  if (found.length === 0) return false
  const names = found.map((row) => String(row.column))
  const known = new Set(names.map((name) => name.toLowerCase()))
  if (found[0]?.type === 'table' && columns.every((column) => known.has(column))) return true
  throw foreignHistory(table, names, {
    type: String(found[0]?.type),
    newest: readNewest(handle, table, names),
  })
}

/** The last version in a table that holds nothing but versions; as a number, whatever its type. */
function readNewest(handle: Handle, table: string, columns: readonly string[]): string | undefined {
  if (!hasVersionsOnly(columns)) return undefined
  const clean = columns.length === 1 ? '' : 'where not dirty'
  const [row] = runStatement(
    handle,
    `select cast(version as text) as version from main.${quoteSqliteId(table)} ${clean} order by cast(version as integer) desc limit 1`,
  )
  return row === undefined ? undefined : String(row.version)
}

function foreignHistory(
  table: string,
  columns: readonly string[],
  { type, newest }: { readonly type: string; readonly newest: string | undefined },
): SlipwayError {
  const tool = recogniseTool(columns)
  const kind = type === 'table' ? 'table' : `${type} table`
  return new SlipwayError(
    'foreign-history',
    `the ${type === 'view' ? 'view' : kind} ${table} has the columns ${columns.join(', ')}, which are not slipway's` +
      (tool === undefined ? '' : ` but those of ${tool}`),
    { hint: hintForForeign(table, newest) },
  )
}
