/** A column goes: by `alter table` if nothing speaks of it, else with all that does. */
import { quoteSqliteId } from '../../../sql/quote.ts'
import { mentions, readMarks } from '../../../sql/sqlite-marks.ts'
import { columnsIn, type TableText } from '../../../sql/sqlite-table.ts'
import { type Edit, removeColumnConstraint, removeItem } from '../../../sql/sqlite-table-edit.ts'
import { badOperation } from '../../operation-parts.ts'
import type { Ground } from './ground.ts'
import { explainBroken, listBroken, refuseBroken } from './intact.ts'
import { rebuildTable } from './rebuild.ts'
import { columnTextOf, requireMainTable, type StoredColumn, type StoredTable } from './stored.ts'

export async function dropColumn(ground: Ground, table: StoredTable, column: StoredColumn): Promise<void> {
  const { executor } = ground
  if (column.key > 0)
    throw badOperation(`${table.name}.${column.name} is in the primary key, which SQLite cannot take away`)
  await refuseReferred(ground, table, column)
  const indexes = await indexesOn(ground, table, column)
  const isPlain = indexes.length === 0 && !isMentioned(table.text, column.name)
  const place = `${quoteSqliteId(table.schema)}.${quoteSqliteId(table.name)}`
  if (isPlain) {
    const broken = await listBroken(executor, table.name)
    await explainBroken(table.name, () =>
      executor.query(`alter table ${place} drop column ${quoteSqliteId(column.name)}`, []),
    )
    await refuseBroken(executor, table.name, broken)
  } else
    await rebuildTable(ground, {
      table: await requireMainTable(executor, place),
      edits: [...removeMentions(table.text, column.name), (now) => removeColumn(now, column.name)],
      without: indexes,
    })
}

/** A foreign key to a column that is gone makes every change of the child fail. */
async function refuseReferred({ executor }: Ground, table: StoredTable, column: StoredColumn): Promise<void> {
  const [child] = await executor.query(
    `select child.name
     from main.sqlite_schema as child, pragma_foreign_key_list(child.name, 'main') as reference
     where child.type = 'table' and reference."table" = ? collate nocase and reference."to" = ? collate nocase`,
    [table.name, column.name],
  )
  if (child !== undefined)
    throw badOperation(`${table.name}.${column.name} is what a foreign key of ${child.name} refers to`)
}

async function indexesOn({ executor }: Ground, table: StoredTable, column: StoredColumn): Promise<string[]> {
  const rows = await executor.query(
    `select name, sql from ${quoteSqliteId(table.schema)}.sqlite_schema
     where type = 'index' and tbl_name = ? collate nocase and sql is not null`,
    [table.name],
  )
  return rows
    .filter(({ sql }) => {
      const marks = readMarks(String(sql))
      return mentions(marks.slice(marks.findIndex(({ text }) => text === '(')), column.name)
    })
    .map(({ name }) => String(name))
}

/** What goes with a column: constraints of the table and of the other columns that speak of it, and its own. */
function isMentioned({ columns, constraints }: TableText, column: string): boolean {
  const own = columns.find(({ name }) => name === column.toLowerCase())
  const isBound = own?.constraints.some(
    ({ kind }) => kind === 'unique' || kind === 'references' || kind === 'check',
  )
  if (isBound === true) return true
  const others = columns.filter((one) => one !== own).flatMap((one) => one.constraints)
  return [...constraints, ...others].some((one) => speaksOf(one, column))
}

function speaksOf(constraint: TableText['constraints'][number], column: string): boolean {
  if (constraint.kind === 'check' || constraint.kind === 'generated')
    return mentions(constraint.marks.slice(1), column)
  if (constraint.kind === 'unique' || constraint.kind === 'foreign key' || constraint.kind === 'primary key')
    return columnsIn(constraint).includes(column.toLowerCase())
  return false
}

function removeMentions(text: TableText, column: string): ((table: TableText) => Edit[] | undefined)[] {
  const own = (table: TableText) => table.columns.find(({ name }) => name === column.toLowerCase())
  const doomed = (table: TableText) => table.constraints.find((one) => speaksOf(one, column))
  const inside = (table: TableText) =>
    table.columns
      .filter((one) => one !== own(table))
      .flatMap((one) => one.constraints)
      .find((one) => one.kind === 'check' && speaksOf(one, column))
  const others = text.columns.flatMap((one) => one.constraints)
  return [
    ...text.constraints.map(() => (table: TableText) => {
      const found = doomed(table)
      return found === undefined ? undefined : removeItem(table, found)
    }),
    ...others.map(() => (table: TableText) => {
      const found = inside(table)
      return found === undefined ? undefined : [removeColumnConstraint(table.sql, found)]
    }),
  ]
}

function removeColumn(table: TableText, column: string): Edit[] {
  return removeItem(table, columnTextOf(table, column))
}
