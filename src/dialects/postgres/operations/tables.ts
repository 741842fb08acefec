/** Tables as a whole. */
import { parseName } from '../../../sql/quote.ts'
import type { Executor } from '../../dialect.ts'
import { badOperation, definedOtherwise, readTable, type WantedTable } from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import {
  columnsText,
  describeColumn,
  describeKind,
  findRelation,
  findTable,
  type Relation,
  readColumns,
  type StoredColumn,
  toColumn,
} from './catalogue.ts'
import { askScratch } from './scratch.ts'
import { requireConstraints } from './stored-constraints.ts'
import {
  checkText,
  columnText,
  foreignKeyText,
  list,
  literal,
  qualified,
  quoteId,
  uniqueText,
} from './text.ts'
import { resolveColumn } from './types.ts'

type TableOperations = Pick<Operations, 'createTable' | 'dropTable' | 'renameTable' | 'comment'>

export function tableOperations(executor: Executor): TableOperations {
  return {
    createTable: async (table, spec) => {
      const read = readTable(table, spec)
      const columns = []
      for (const column of read.columns) columns.push(await resolveColumn(executor, column))
      const wanted = { ...read, columns }
      const found = await findTable(executor, table)
      if (found !== undefined) return await requireAlike(executor, found, wanted)
      await executor.query(`create table ${qualified(table)} (\n  ${itemsOf(wanted).join(',\n  ')}\n)`, [])
      if (wanted.comment !== undefined)
        await executor.query(`comment on table ${qualified(table)} is ${literal(wanted.comment)}`, [])
    },
    dropTable: async (table) => {
      const found = await findTable(executor, table)
      if (found !== undefined) await executor.query(`drop table ${found.quoted}`, [])
    },
    renameTable: async (table, to) => {
      const found = await findTable(executor, table)
      const { schema } = parseName(table)
      const target = await findRelation(
        executor,
        `${schema === undefined ? '' : `${quoteId(schema)}.`}${quoteId(to)}`,
      )
      if (found === undefined) {
        if (target !== undefined && 'rpf'.includes(target.kind)) return
        throw badOperation(`there is neither a table ${table} nor a table ${to}`)
      }
      if (target !== undefined && target.oid === found.oid) return
      if (target !== undefined)
        throw definedOtherwise(`a ${describeKind(target.kind)} ${to}`, `${table} and ${to}`, `${to} alone`)
      await executor.query(`alter table ${found.quoted} rename to ${quoteId(to)}`, [])
    },
    comment: async (on, text) => {
      const { table, column } = typeof on === 'string' ? { table: on, column: undefined } : on
      const found = await findRelation(executor, table)
      if (found === undefined) throw badOperation(`there is no table ${table}`)
      const what =
        column === undefined
          ? `${describeKind(found.kind)} ${found.quoted}`
          : `column ${found.quoted}.${quoteId(column)}`
      await executor.query(`comment on ${what} is ${text === null ? 'null' : literal(text)}`, [])
    },
  }
}

function itemsOf(wanted: WantedTable): string[] {
  const { primaryKey } = wanted
  return [
    ...wanted.columns.map(columnText),
    ...(primaryKey === undefined
      ? []
      : [`constraint ${quoteId(primaryKey.name)} primary key ${list(primaryKey.columns)}`]),
    ...wanted.uniques.map(({ name, columns }) => uniqueText(name, columns)),
    ...wanted.checks.map(({ name, expression }) => checkText(name, expression)),
    ...wanted.foreignKeys.map(foreignKeyText),
  ]
}

/** The columns as the server would make them. */
export async function readWanted(
  executor: Executor,
  table: Relation,
  columns: WantedTable['columns'],
): Promise<StoredColumn[]> {
  const rows = await askScratch(
    executor,
    table,
    ({ create, name }) => [`${create} table ${name} (${columns.map(columnText).join(', ')})`],
    ({ path }) => columnsText(`${literal(path)}::pg_catalog.regclass`),
  )
  return rows.map(toColumn)
}

/** Columns in any order, each with its type, nullability and default; then the constraints. Throws defined-otherwise. */
async function requireAlike(executor: Executor, table: Relation, wanted: WantedTable): Promise<void> {
  const what = `the table ${table.name}`
  const has = (await readColumns(executor, table.oid)).map(describeColumn).sort()
  const wants = (await readWanted(executor, table, wanted.columns)).map(describeColumn).sort()
  if (JSON.stringify(has) === JSON.stringify(wants))
    return await requireConstraints(executor, table, what, {
      ...wanted,
      primaryKey: wanted.primaryKey ?? null,
    })
  const extra = (from: readonly string[], other: readonly string[]) =>
    from.filter((line) => !other.includes(line)).join('; ') || 'none of the rest'
  throw definedOtherwise(what, extra(has, wants), extra(wants, has))
}
