/** A table as it is: its place, its text, its columns. */
import { parseName } from '../../../sql/quote.ts'
import { type ColumnText, readSqliteTable, type TableText } from '../../../sql/sqlite-table.ts'
import type { Executor } from '../../dialect.ts'
import { badOperation } from '../../operation-parts.ts'
import { findRelation, findSchemaEntry } from '../lookup.ts'

export interface StoredTable {
  readonly schema: string
  readonly name: string
  readonly sql: string
  readonly text: TableText
  /** False for WITHOUT ROWID. */
  readonly hasRowid: boolean
  readonly columns: readonly StoredColumn[]
}

export interface StoredColumn {
  readonly name: string
  /** As declared; empty without a type. */
  readonly type: string
  readonly nullable: boolean
  readonly default: string | null
  /** 1-based place in the primary key; 0: not in it. */
  readonly key: number
}

/** Undefined where there is no table of that name. Throws bad-operation for a view or a virtual table. */
export async function findTable(executor: Executor, table: string): Promise<StoredTable | undefined> {
  const relation = await findRelation(executor, table)
  if (relation === undefined) return undefined
  if (relation.type !== 'table') throw badOperation(`${table} is a ${relation.type}, not a table`)
  const { schema, name } = relation
  const qualified = `"${schema.replaceAll('"', '""')}"."${name.replaceAll('"', '""')}"`
  const entry = await findSchemaEntry(executor, 'table', qualified)
  const text = readSqliteTable(entry?.sql ?? '')
  if (entry?.sql == null || text === undefined)
    throw badOperation(`the definition of ${table} cannot be read`)
  const [listed] = await executor.query('select wr from pragma_table_list where schema = ? and name = ?', [
    schema,
    name,
  ])
  return {
    schema,
    name,
    sql: entry.sql,
    text,
    hasRowid: listed?.wr !== 1,
    columns: await readColumns(executor, schema, name),
  }
}

/** Throws bad-operation. */
export async function requireTable(executor: Executor, table: string): Promise<StoredTable> {
  const found = await findTable(executor, table)
  if (found === undefined) throw badOperation(`there is no table ${table}`)
  return found
}

/** One that can be rebuilt. */
export async function requireMainTable(executor: Executor, table: string): Promise<StoredTable> {
  const found = await requireTable(executor, table)
  if (found.schema !== 'main')
    throw badOperation(
      `${parseName(table).name} is in ${found.schema}; only tables of main can be changed so`,
    )
  return found
}

export function columnOf({ columns }: StoredTable, name: string): StoredColumn | undefined {
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
}

/** Throws bad-operation. */
export function requireColumn(table: StoredTable, name: string): StoredColumn {
  const column = columnOf(table, name)
  if (column === undefined) throw badOperation(`${table.name} has no column ${name}`)
  return column
}

/** Throws bad-operation. */
export function columnTextOf({ columns }: TableText, column: string): ColumnText {
  const found = columns.find(({ name }) => name === column.toLowerCase())
  if (found === undefined) throw badOperation(`the column ${column} is not in the definition of the table`)
  return found
}

async function readColumns(executor: Executor, schema: string, table: string): Promise<StoredColumn[]> {
  const rows = await executor.query(
    'select name, type, "notnull", dflt_value, pk from pragma_table_xinfo(?, ?) where hidden in (0, 2, 3)',
    [table, schema],
  )
  return rows.map((row) => ({
    name: String(row.name),
    type: String(row.type),
    nullable: row.notnull === 0 && row.pk === 0,
    default: row.dflt_value === null ? null : String(row.dflt_value),
    key: Number(row.pk),
  }))
}
