/** Columns: by `alter table` where SQLite can, else by a rebuild. https://www.sqlite.org/lang_altertable.html */
import { quoteSqliteId } from '../../../sql/quote.ts'
import { mentions, readMarks } from '../../../sql/sqlite-marks.ts'
import { type ColumnText, columnsIn, type TableText } from '../../../sql/sqlite-table.ts'
import {
  appendColumn,
  appendConstraint,
  appendToColumn,
  type Edit,
  removeColumnConstraint,
  removeItem,
  replaceType,
} from '../../../sql/sqlite-table-edit.ts'
import {
  badOperation,
  type ColumnParts,
  definedOtherwise,
  readNewColumn,
  refuseUnknown,
} from '../../operation-parts.ts'
import type { ColumnChange, Operations } from '../../operations.ts'
import { columnText, defaultText, foreignKeyText, referenceText, typeText, uniqueText } from './column-text.ts'
import type { Enums } from './enums.ts'
import type { Ground } from './ground.ts'
import { rebuildTable } from './rebuild.ts'
import {
  columnOf,
  requireColumn,
  requireMainTable,
  requireTable,
  type StoredColumn,
  type StoredTable,
} from './stored.ts'
import { describeFound, describeWanted, qualified } from './tables.ts'

type ColumnOperations = Pick<Operations, 'addColumn' | 'dropColumn' | 'renameColumn' | 'alterColumn'>

export function columnOperations(ground: Ground, enums: Enums): ColumnOperations {
  const { executor } = ground
  return {
    addColumn: async (table, column, given) => {
      const parts = readNewColumn(table, column, given)
      const { column: wanted, check } = await enums.resolveColumn(table, parts.column)
      const found = columnOf(await requireTable(executor, table), column)
      if (found === undefined) return await addColumn(ground, table, { ...parts, column: wanted }, check)
      const [has, wants] = [describeFound(found), describeWanted(wanted)]
      if (has !== wants) throw definedOtherwise(`the column ${table}.${column}`, has, wants)
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

async function addColumn(
  ground: Ground,
  table: string,
  { column, unique, foreignKey }: ColumnParts,
  check: string | undefined,
): Promise<void> {
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
  const constraints = [
    ...unique.map(({ name, columns }) => uniqueText(name, columns)),
    ...foreignKey.map(foreignKeyText),
    ...(check === undefined ? [] : [check]),
  ]
  await rebuildTable(ground, {
    table: await requireMainTable(ground.executor, table),
    edits: [
      (now) => [appendColumn(now, text)],
      ...constraints.map((constraint) => (now: TableText) => [appendConstraint(now, constraint)]),
    ],
  })
}

async function dropColumn(ground: Ground, table: StoredTable, column: StoredColumn): Promise<void> {
  const { executor } = ground
  if (column.key > 0)
    throw badOperation(`${table.name}.${column.name} is in the primary key, which SQLite cannot take away`)
  await refuseReferred(ground, table, column)
  const indexes = await indexesOn(ground, table, column)
  const isPlain = indexes.length === 0 && firstMention(table.text, column.name) === undefined
  if (isPlain)
    await executor.query(
      `alter table ${quoteSqliteId(table.schema)}.${quoteSqliteId(table.name)} drop column ${quoteSqliteId(column.name)}`,
      [],
    )
  else
    await rebuildTable(ground, {
      table: await requireMainTable(executor, `${quoteSqliteId(table.schema)}.${quoteSqliteId(table.name)}`),
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
function firstMention({ columns, constraints }: TableText, column: string): Edit[] | true | undefined {
  const own = columns.find(({ name }) => name === column.toLowerCase())
  const isBound = own?.constraints.some(({ kind }) => kind === 'unique' || kind === 'references' || kind === 'check')
  if (isBound === true) return true
  const others = columns.filter((one) => one !== own).flatMap((one) => one.constraints)
  return [...constraints, ...others].some((one) => speaksOf(one, column)) ? true : undefined
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

function columnTextOf({ columns }: TableText, column: string): ColumnText {
  const found = columns.find(({ name }) => name === column.toLowerCase())
  if (found === undefined) throw badOperation(`the column ${column} is not in the definition of the table`)
  return found
}

async function alterColumn(
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
    if (column.key > 0) throw badOperation(`${table.name}.${column.name} is in the primary key, which is never null`)
    edits.push((text) => removeKind(text, own(text), 'not null'))
  }
  if (nullable === false && column.nullable) edits.push((text) => [appendToColumn(own(text), 'not null')])
  edits.push(...defaultEdits(column, change, own))
  if (edits.length === 0) return
  const values = new Map(change.using === undefined ? [] : [[column.name.toLowerCase(), `(${change.using})`]])
  await rebuildTable(ground, {
    table: await requireMainTable(ground.executor, `${quoteSqliteId(table.schema)}.${quoteSqliteId(table.name)}`),
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
