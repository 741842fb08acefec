/** Tables as a whole. */
import { parseName, quoteSqliteId } from '../../../sql/quote.ts'
import { readMarks } from '../../../sql/sqlite-marks.ts'
import type { Executor } from '../../dialect.ts'
import { badOperation, definedOtherwise, readTable, type WantedTable } from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import { findRelation } from '../lookup.ts'
import {
  checkText,
  columnText,
  defaultText,
  foreignKeyText,
  list,
  typeText,
  uniqueText,
} from './column-text.ts'
import type { Enums } from './enums.ts'
import type { Ground } from './ground.ts'
import { listBroken, refuseBroken } from './intact.ts'
import { requireConstraints } from './places.ts'
import { findTable, type StoredColumn, type StoredTable } from './stored.ts'

type TableOperations = Pick<Operations, 'createTable' | 'dropTable' | 'renameTable'>

export function tableOperations(ground: Ground, enums: Enums): TableOperations {
  const { executor } = ground
  return {
    createTable: async (table, spec) => {
      const wanted = await enums.resolve(table, readTable(table, spec))
      const text = `create table ${qualified(table)} (\n  ${itemsOf(wanted).join(',\n  ')}\n)`
      const found = await findTable(executor, table)
      if (found === undefined) await executor.query(text, [])
      else requireAlike(found, table, wanted)
    },
    dropTable: async (table) => {
      if ((await findTable(executor, table)) === undefined) return
      const { name } = parseName(table)
      await refuseReferred(executor, name)
      const broken = await listBroken(executor, name)
      await executor.query(`drop table ${qualified(table)}`, [])
      await refuseBroken(executor, name, broken)
    },
    renameTable: async (table, to) => {
      const target = await findRelation(executor, withSchemaOf(table, to))
      if ((await findTable(executor, table)) === undefined) {
        if (target?.type === 'table') return
        throw badOperation(`there is neither a table ${table} nor a table ${to}`)
      }
      const isOther =
        target !== undefined && target.name.toLowerCase() !== parseName(table).name.toLowerCase()
      if (isOther) throw definedOtherwise(`a ${target.type} ${to}`, `${table} and ${to}`, `${to} alone`)
      await executor.query(`alter table ${qualified(table)} rename to ${quoteSqliteId(to)}`, [])
    },
  }
}

export function qualified(text: string): string {
  const { schema, name } = parseName(text)
  return schema === undefined ? quoteSqliteId(name) : `${quoteSqliteId(schema)}.${quoteSqliteId(name)}`
}

function withSchemaOf(table: string, to: string): string {
  const { schema } = parseName(table)
  return schema === undefined ? quoteSqliteId(to) : `${quoteSqliteId(schema)}.${quoteSqliteId(to)}`
}

function itemsOf(wanted: WantedTable): string[] {
  const { primaryKey } = wanted
  const single = primaryKey?.columns.length === 1 ? primaryKey : undefined
  const numbered = wanted.columns.find(({ identity }) => identity === true)
  const isInColumn = single !== undefined && numbered?.name === single.columns[0]
  return [
    ...wanted.columns.map((column) =>
      column === numbered && isInColumn ? columnText(column, single.name) : columnText(column),
    ),
    ...(primaryKey === undefined || isInColumn
      ? []
      : [`constraint ${quoteSqliteId(primaryKey.name)} primary key ${list(primaryKey.columns)}`]),
    ...wanted.uniques.map(({ name, columns }) => uniqueText(name, columns)),
    ...wanted.checks.map(({ name, expression }) => checkText(name, expression)),
    ...wanted.foreignKeys.map(foreignKeyText),
  ]
}

/** As everywhere else: a child whose foreign key leads nowhere can be changed no more. */
async function refuseReferred(executor: Executor, table: string): Promise<void> {
  const [child] = await executor.query(
    `select child.name
     from main.sqlite_schema as child, pragma_foreign_key_list(child.name, 'main') as reference
     where child.type = 'table' and reference."table" = ? collate nocase and child.name <> ? collate nocase`,
    [table, table],
  )
  if (child !== undefined) throw badOperation(`${table} is what a foreign key of ${child.name} refers to`)
}

/** Columns in any order, each with its type, nullability and default; then the constraints. Throws defined-otherwise. */
function requireAlike(found: StoredTable, table: string, wanted: WantedTable): void {
  const what = `the table ${table}`
  const key = wanted.primaryKey?.columns ?? []
  const has = found.columns.map(describeFound).sort()
  const wants = wanted.columns
    .map((column) => describeWanted(column, !column.nullable || key.includes(column.name)))
    .sort()
  if (JSON.stringify(has) === JSON.stringify(wants))
    return void requireConstraints(found, what, itemsOf(wanted), true)
  const extra = (from: readonly string[], other: readonly string[]) =>
    from.filter((line) => !other.includes(line)).join('; ') || 'none of the rest'
  throw definedOtherwise(what, extra(has, wants), extra(wants, has))
}

export function describeFound(column: StoredColumn): string {
  const value =
    column.default === null || column.default.toLowerCase() === 'null'
      ? ''
      : ` default ${fold(column.default)}`
  return `${column.name.toLowerCase()} ${column.type.toLowerCase()}${column.nullable ? '' : ' not null'}${value}`
}

export function describeWanted(
  column: WantedTable['columns'][number],
  isRequired: boolean = !column.nullable,
): string {
  const isSet = column.default !== undefined && column.default !== null
  // The pragma tells an expression without the parentheses around it.
  const text = isSet ? defaultText(column.default ?? null, column.type).replace(/^\((.*)\)$/s, '$1') : ''
  const value = isSet ? ` default ${fold(text)}` : ''
  return `${column.name.toLowerCase()} ${typeText(column.type).toLowerCase()}${isRequired ? ' not null' : ''}${value}`
}

function fold(sql: string): string {
  return readMarks(sql)
    .map(({ text }) => text)
    .join(' ')
}
