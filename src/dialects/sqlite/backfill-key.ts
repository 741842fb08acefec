/** What a backfill pages by: a unique key without nulls, so that every row has one place in the order. */
import { quoteSqliteId } from '../../sql/quote.ts'
import { type Handle, runStatement } from './driver.ts'

export interface KeyColumn {
  readonly name: string
  /** `"name"` */
  readonly sql: string
  /** The same with the collation of the key's index, which need not be the column's: to compare and to sort by. */
  readonly collated: string
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
  const namesOf = (key: readonly KeyColumn[]) => key.map(({ name }) => name)
  const found = wanted === undefined ? keys[0] : keys.find((key) => fold(namesOf(key)) === fold(wanted))
  if (found !== undefined) return found
  if (wanted === undefined)
    throw new Error(
      `${table.name} has neither a primary key nor a unique index on columns that are not null; a backfill needs one to go by`,
    )
  const known = keys.map((key) => `(${namesOf(key).join(', ')})`)
  throw new Error(
    `(${wanted.join(', ')}) is no unique key without nulls of ${table.name}; ${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}`,
  )
}

/** A primary key of SQLite may hold nulls, unless it is the rowid or the table is WITHOUT ROWID or STRICT; https://www.sqlite.org/lang_createtable.html#the_primary_key */
function listKeys(handle: Handle, { schema, name }: NamedTable): KeyColumn[][] {
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
  // Other primary keys have an index, which knows their collation.
  const keys: KeyColumn[][] = isRowid ? [primary.map(({ name: column }) => keyColumn(column))] : []
  const indexes = runStatement(
    handle,
    'select name, origin from pragma_index_list(?, ?) where "unique" = 1 and partial = 0',
    [name, schema],
  )
  const others = indexes.map(({ name: index, origin }) => ({
    isPrimary: origin === 'pk',
    columns: runStatement(
      handle,
      'select name, coll from pragma_index_xinfo(?, ?) where key = 1 order by seqno',
      [String(index), schema],
    ),
  }))
  others.sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.columns.length - b.columns.length)
  for (const { columns: index } of others) {
    const isPlain = index.every((column) => typeof column.name === 'string' && notNull.has(column.name))
    if (isPlain) keys.push(index.map((column) => keyColumn(String(column.name), String(column.coll))))
  }
  return keys
}

function keyColumn(name: string, collation?: string): KeyColumn {
  const sql = quoteSqliteId(name)
  return { name, sql, collated: collation === undefined ? sql : `${sql} collate ${quoteSqliteId(collation)}` }
}
