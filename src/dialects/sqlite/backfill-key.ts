/** What a backfill pages by: a unique key without nulls, so that every row has one place in the order. */
import { quoteSqliteId } from '../../sql/quote.ts'
import { type Handle, runStatement } from './driver.ts'

export interface KeyColumn {
  readonly name: string
  /** `"name"` */
  readonly sql: string
}

export interface NamedTable {
  readonly schema: string
  readonly name: string
}

/** The wanted key, else the primary key, else the narrowest other one. Throws where there is none, naming what there is. */
export function chooseKey(
  handle: Handle,
  table: NamedTable,
  wanted: readonly string[] | undefined,
): readonly KeyColumn[] {
  const keys = listKeys(handle, table)
  const fold = (names: readonly string[]) => names.join('\0').toLowerCase()
  const found = wanted === undefined ? keys[0] : keys.find((key) => fold(key) === fold(wanted))
  if (found !== undefined) return found.map((name) => ({ name, sql: quoteSqliteId(name) }))
  if (wanted === undefined)
    throw new Error(
      `${table.name} has neither a primary key nor a unique index on columns that are not null; a backfill needs one to go by`,
    )
  const known = keys.map((key) => `(${key.join(', ')})`)
  throw new Error(
    `(${wanted.join(', ')}) is no unique key without nulls of ${table.name}; ${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}`,
  )
}

/** A primary key of SQLite may hold nulls, unless it is the rowid or the table is WITHOUT ROWID or STRICT; https://www.sqlite.org/lang_createtable.html#the_primary_key */
function listKeys(handle: Handle, { schema, name }: NamedTable): string[][] {
  const columns = runStatement(handle, 'select name, type, "notnull", pk from pragma_table_xinfo(?, ?)', [
    name,
    schema,
  ])
  const notNull = new Set(columns.filter((column) => column.notnull === 1).map((column) => column.name))
  const primary = columns
    .filter(({ pk }) => Number(pk) > 0)
    .sort((a, b) => Number(a.pk) - Number(b.pk))
    .map((column) => ({ name: String(column.name), type: String(column.type).toLowerCase() }))
  const isRowid = primary.length === 1 && primary[0]?.type === 'integer'
  const keys: string[][] = []
  if (primary.length > 0 && (isRowid || primary.every((column) => notNull.has(column.name))))
    keys.push(primary.map((column) => column.name))
  const indexes = runStatement(
    handle,
    'select name from pragma_index_list(?, ?) where "unique" = 1 and partial = 0',
    [name, schema],
  )
  const others = indexes.map((index) =>
    runStatement(
      handle,
      'select name, "desc", coll from pragma_index_xinfo(?, ?) where key = 1 order by seqno',
      [String(index.name), schema],
    ),
  )
  for (const index of others.sort((a, b) => a.length - b.length)) {
    const names = index.map((column) => column.name)
    const isPlain = names.every((column) => typeof column === 'string' && notNull.has(column))
    const isKnown = keys.some((key) => key.join('\0') === names.join('\0'))
    if (isPlain && !isKnown) keys.push(names.map(String))
  }
  return keys
}
