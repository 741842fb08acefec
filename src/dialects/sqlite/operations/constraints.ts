/** Constraints, which SQLite has only in the text of a table: each of these is a rebuild. */
import { appendConstraint } from '../../../sql/sqlite-table-edit.ts'
import { definedOtherwise, listColumns, nameOf, readCheck, readForeignKey } from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import { checkText, foreignKeyText, uniqueText } from './column-text.ts'
import type { Ground } from './ground.ts'
import { canonical, findPlace } from './places.ts'
import { rebuildTable } from './rebuild.ts'
import { requireColumn, requireMainTable, type StoredTable } from './stored.ts'

type ConstraintOperations = Pick<Operations, 'addForeignKey' | 'addUnique' | 'addCheck' | 'dropConstraint'>

export function constraintOperations(ground: Ground): ConstraintOperations {
  const { executor } = ground
  return {
    addForeignKey: async (table, columns, references, options = {}) => {
      const { notValid: _, ...rest } = options
      const key = readForeignKey(table, columns, references, rest)
      const stored = await requireMainTable(executor, table)
      await addConstraint(ground, stored, {
        name: key.name,
        columns: key.columns,
        text: foreignKeyText(key),
      })
    },
    addUnique: async (table, given, options = {}) => {
      const columns = listColumns(`a key of ${table}`, given)
      const name = options.name ?? nameOf(table, columns, 'key')
      const stored = await requireMainTable(executor, table)
      await addConstraint(ground, stored, { name, columns, text: uniqueText(name, columns) })
    },
    addCheck: async (table, expression, { name } = {}) => {
      const stored = await requireMainTable(executor, table)
      const columns = stored.columns.map((column) => column.name)
      const check = readCheck(table, name === undefined ? expression : { name, expression }, columns)
      const text = checkText(check.name, check.expression)
      await addConstraint(ground, stored, { name: check.name, columns: [], text })
    },
    dropConstraint: async (table, name) => {
      const stored = await requireMainTable(executor, table)
      if (findPlace(stored.text, stored.name, name) === undefined) return
      await rebuildTable(ground, {
        table: stored,
        edits: [(text) => findPlace(text, stored.name, name)?.remove()],
      })
    },
  }
}

interface Wanted {
  readonly name: string
  readonly columns: readonly string[]
  readonly text: string
}

async function addConstraint(ground: Ground, table: StoredTable, wanted: Wanted): Promise<void> {
  for (const column of wanted.columns) requireColumn(table, column)
  const found = findPlace(table.text, table.name, wanted.name)
  if (found === undefined)
    return await rebuildTable(ground, { table, edits: [(text) => [appendConstraint(text, wanted.text)]] })
  const source = table.sql.slice(found.constraint.start, found.constraint.end)
  if (canonical(source, found.columns) !== canonical(wanted.text, []))
    throw definedOtherwise(`the constraint ${wanted.name} of ${table.name}`, source, wanted.text)
}
