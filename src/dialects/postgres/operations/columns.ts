/** Columns. */
import type { Executor } from '../../dialect.ts'
import {
  badOperation,
  definedOtherwise,
  readNewColumn,
  refuseUnknown,
  type WantedColumn,
} from '../../operation-parts.ts'
import type { ColumnChange, Operations } from '../../operations.ts'
import { describeColumn, type Relation, readColumns, requireTable, type StoredColumn } from './catalogue.ts'
import { requireConstraints } from './stored-constraints.ts'
import { readWanted } from './tables.ts'
import { columnText, defaultText, quoteId, referenceText } from './text.ts'
import { resolveColumn, resolveType } from './types.ts'

type ColumnOperations = Pick<Operations, 'addColumn' | 'dropColumn' | 'renameColumn' | 'alterColumn'>

export function columnOperations(executor: Executor): ColumnOperations {
  return {
    addColumn: async (table, column, given) => {
      const { unique, foreignKey, ...parts } = readNewColumn(table, column, given)
      const wanted = await resolveColumn(executor, parts.column)
      const relation = await requireTable(executor, table)
      const found = await findColumn(executor, relation, column)
      if (found !== undefined) {
        await requireAlike(executor, relation, found, wanted)
        return await requireConstraints(executor, relation, `the column ${table}.${column}`, {
          uniques: unique,
          checks: [],
          foreignKeys: foreignKey,
        })
      }
      const constraints = [
        ...unique.map(({ name }) => ` constraint ${quoteId(name)} unique`),
        ...foreignKey.map((key) => ` constraint ${quoteId(key.name)} ${referenceText(key)}`),
      ]
      await executor.query(
        `alter table ${relation.quoted} add column ${columnText(wanted)}${constraints.join('')}`,
        [],
      )
    },
    dropColumn: async (table, column) => {
      const relation = await requireTable(executor, table)
      if ((await findColumn(executor, relation, column)) !== undefined)
        await executor.query(`alter table ${relation.quoted} drop column ${quoteId(column)}`, [])
    },
    renameColumn: async (table, column, to) => {
      const relation = await requireTable(executor, table)
      const columns = (await readColumns(executor, relation.oid)).map(({ name }) => name)
      const [hasOld, hasNew] = [columns.includes(column), columns.includes(to)]
      if (!hasOld && hasNew) return
      if (!hasOld) throw badOperation(`${table} has neither a column ${column} nor a column ${to}`)
      if (column === to) return
      if (hasNew) throw definedOtherwise(`the column ${table}.${to}`, `${column} and ${to}`, `${to} alone`)
      await executor.query(
        `alter table ${relation.quoted} rename column ${quoteId(column)} to ${quoteId(to)}`,
        [],
      )
    },
    alterColumn: async (table, column, change) => {
      refuseUnknown(`alterColumn ${table}.${column}`, change, ['type', 'using', 'nullable', 'default'])
      const relation = await requireTable(executor, table)
      const found = await findColumn(executor, relation, column)
      if (found === undefined) throw badOperation(`${table} has no column ${column}`)
      const actions = await actionsOf(executor, relation, found, change)
      if (actions.length === 0) return
      const id = quoteId(column)
      await executor.query(
        `alter table ${relation.quoted}\n  ${actions.map((action) => `alter column ${id} ${action}`).join(',\n  ')}`,
        [],
      )
    },
  }
}

async function findColumn(
  executor: Executor,
  table: Relation,
  column: string,
): Promise<StoredColumn | undefined> {
  return (await readColumns(executor, table.oid)).find(({ name }) => name === column)
}

async function requireAlike(
  executor: Executor,
  table: Relation,
  found: StoredColumn,
  wanted: WantedColumn,
): Promise<void> {
  const has = describeColumn(found)
  const wants = (await readWanted(executor, table, [wanted])).map(describeColumn).join()
  if (has !== wants) throw definedOtherwise(`the column ${table.name}.${found.name}`, has, wants)
}

/** Only what differs from what is there. A default goes before the type changes: it may not fit the new one. */
async function actionsOf(
  executor: Executor,
  table: Relation,
  found: StoredColumn,
  change: ColumnChange,
): Promise<string[]> {
  const type = change.type === undefined ? undefined : await resolveType(executor, change.type)
  const value = change.default
  const [wanted] =
    type === undefined && value === undefined
      ? [found]
      : await readWanted(executor, table, [
          {
            name: found.name,
            type: type ?? found.type,
            nullable: true,
            ...(value === undefined ? {} : { default: value }),
          },
        ])
  const retyped = type !== undefined && wanted?.type !== found.type
  const revalued = value !== undefined && wanted?.default !== found.default
  const using = change.using === undefined ? '' : ` using ${change.using}`
  const actions: string[] = []
  if (revalued && found.default !== undefined) actions.push('drop default')
  if (retyped) actions.push(`type ${type}${using}`)
  if (revalued && value !== null)
    actions.push(`set default ${defaultText(value, type ?? shortType(found.type))}`)
  if (change.nullable === true && !found.nullable) actions.push('drop not null')
  if (change.nullable === false && found.nullable) actions.push('set not null')
  return actions
}

/** As the portable types are called, for a default of now. */
function shortType(type: string): string {
  return type.replace(/^(timestamp|time).* without time zone$/, '$1')
}
