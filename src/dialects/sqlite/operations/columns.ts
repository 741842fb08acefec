/** Columns: by `alter table` where SQLite can, else by a rebuild. https://www.sqlite.org/lang_altertable.html */
import { quoteSqliteId } from '../../../sql/quote.ts'
import type { TableText } from '../../../sql/sqlite-table.ts'
import { appendColumn, appendConstraint } from '../../../sql/sqlite-table-edit.ts'
import {
  badOperation,
  type ColumnParts,
  definedOtherwise,
  readNewColumn,
  refuseUnknown,
} from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import { alterColumn } from './alter-column.ts'
import { columnText, foreignKeyText, referenceText, uniqueText } from './column-text.ts'
import { dropColumn } from './drop-column.ts'
import type { Enums } from './enums.ts'
import type { Ground } from './ground.ts'
import { requireConstraints } from './places.ts'
import { rebuildTable } from './rebuild.ts'
import { columnOf, requireColumn, requireMainTable, requireTable } from './stored.ts'
import { describeFound, describeWanted, qualified } from './tables.ts'

type ColumnOperations = Pick<Operations, 'addColumn' | 'dropColumn' | 'renameColumn' | 'alterColumn'>

export function columnOperations(ground: Ground, enums: Enums): ColumnOperations {
  const { executor } = ground
  return {
    addColumn: async (table, column, given) => {
      const parts = readNewColumn(table, column, given)
      const { column: wanted, check } = await enums.resolveColumn(table, parts.column)
      const stored = await requireTable(executor, table)
      const found = columnOf(stored, column)
      if (found === undefined) return await addColumn(ground, table, { ...parts, column: wanted }, check)
      const what = `the column ${table}.${column}`
      const [has, wants] = [describeFound(found), describeWanted(wanted)]
      if (has !== wants) throw definedOtherwise(what, has, wants)
      requireConstraints(stored, what, [columnText(wanted), ...constraintsOf(parts, check)], false)
    },
    dropColumn: async (table, column) => {
      const stored = await requireTable(executor, table)
      const found = columnOf(stored, column)
      if (found !== undefined) await dropColumn(ground, stored, found)
    },
    renameColumn: async (table, column, to) => {
      const stored = await requireTable(executor, table)
      const [from, target] = [columnOf(stored, column), columnOf(stored, to)]
      if (from === undefined && target !== undefined) return
      if (from === undefined) throw badOperation(`${table} has neither a column ${column} nor a column ${to}`)
      if (target !== undefined && target !== from)
        throw definedOtherwise(`the column ${table}.${to}`, `${column} and ${to}`, `${to} alone`)
      await executor.query(
        `alter table ${qualified(table)} rename column ${quoteSqliteId(from.name)} to ${quoteSqliteId(to)}`,
        [],
      )
    },
    alterColumn: async (table, column, change) => {
      refuseUnknown(`alterColumn ${table}.${column}`, change, ['type', 'using', 'nullable', 'default'])
      const stored = await requireTable(executor, table)
      await alterColumn(ground, stored, requireColumn(stored, column), change)
    },
  }
}

/** As constraints of the table. */
function constraintsOf({ unique, foreignKey }: ColumnParts, check: string | undefined): string[] {
  return [
    ...unique.map(({ name, columns }) => uniqueText(name, columns)),
    ...foreignKey.map(foreignKeyText),
    ...(check === undefined ? [] : [check]),
  ]
}

async function addColumn(
  ground: Ground,
  table: string,
  parts: ColumnParts,
  check: string | undefined,
): Promise<void> {
  const { column, unique, foreignKey } = parts
  const text = columnText(column)
  const isConstant = !text.includes(' default (')
  const hasDefault = column.default !== undefined && column.default !== null
  const canAdd =
    unique.length === 0 &&
    isConstant &&
    (column.nullable || hasDefault) &&
    (foreignKey.length === 0 || !hasDefault)
  if (canAdd) {
    const inline = foreignKey.map((key) => ` constraint ${quoteSqliteId(key.name)} ${referenceText(key)}`)
    const checked = check === undefined ? '' : ` ${check}`
    await ground.executor.query(
      `alter table ${qualified(table)} add column ${text}${inline.join('')}${checked}`,
      [],
    )
    return
  }
  await rebuildTable(ground, {
    table: await requireMainTable(ground.executor, table),
    edits: [
      (now) => [appendColumn(now, text)],
      ...constraintsOf(parts, check).map((constraint) => (now: TableText) => [
        appendConstraint(now, constraint),
      ]),
    ],
  })
}
