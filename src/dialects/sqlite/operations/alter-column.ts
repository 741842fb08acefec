/** A column's type, nullability and default change in the text of its table. */
import { quoteSqliteId } from '../../../sql/quote.ts'
import type { ColumnText, TableText } from '../../../sql/sqlite-table.ts'
import {
  appendToColumn,
  type Edit,
  removeColumnConstraint,
  replaceType,
} from '../../../sql/sqlite-table-edit.ts'
import { badOperation } from '../../operation-parts.ts'
import type { ColumnChange } from '../../operations.ts'
import { defaultText, typeText } from './column-text.ts'
import type { Ground } from './ground.ts'
import { rebuildTable } from './rebuild.ts'
import { columnTextOf, requireMainTable, type StoredColumn, type StoredTable } from './stored.ts'

export async function alterColumn(
  ground: Ground,
  table: StoredTable,
  column: StoredColumn,
  change: ColumnChange,
): Promise<void> {
  const edits: ((table: TableText) => Edit[])[] = []
  const own = (text: TableText) => columnTextOf(text, column.name)
  const { type, nullable } = change
  if (type !== undefined && typeText(type).toLowerCase() !== column.type.toLowerCase())
    edits.push((text) => [replaceType(own(text), typeText(type))])
  if (nullable === true && !column.nullable) {
    if (column.key > 0)
      throw badOperation(`${table.name}.${column.name} is in the primary key, which is never null`)
    edits.push((text) => removeKind(text, own(text), 'not null'))
  }
  if (nullable === false && column.nullable) edits.push((text) => [appendToColumn(own(text), 'not null')])
  edits.push(...defaultEdits(column, change, own))
  if (edits.length === 0) return
  const values = new Map(change.using === undefined ? [] : [[column.name.toLowerCase(), `(${change.using})`]])
  await rebuildTable(ground, {
    table: await requireMainTable(
      ground.executor,
      `${quoteSqliteId(table.schema)}.${quoteSqliteId(table.name)}`,
    ),
    edits,
    values,
  })
}

function defaultEdits(
  column: StoredColumn,
  change: ColumnChange,
  own: (text: TableText) => ColumnText,
): ((table: TableText) => Edit[])[] {
  if (change.default === undefined) return []
  const remove = (text: TableText) => removeKind(text, own(text), 'default')
  if (change.default === null) return column.default === null ? [] : [remove]
  const wanted = defaultText(change.default, change.type ?? column.type)
  const isSame = column.default !== null && wanted.replace(/^\((.*)\)$/s, '$1') === column.default
  if (isSame) return []
  return [remove, (text) => [appendToColumn(own(text), `default ${wanted}`)]]
}

function removeKind({ sql }: TableText, { constraints }: ColumnText, kind: 'not null' | 'default'): Edit[] {
  return constraints.filter((one) => one.kind === kind).map((one) => removeColumnConstraint(sql, one))
}
