/** Constraints, which SQLite has only in the text of a table: each of these is a rebuild. */
import { nameObject } from '../../../sql/object-names.ts'
import { type Constraint, type ConstraintKind, readMarks } from '../../../sql/sqlite-marks.ts'
import { columnsIn, type TableText } from '../../../sql/sqlite-table.ts'
import {
  appendConstraint,
  type Edit,
  removeColumnConstraint,
  removeItem,
} from '../../../sql/sqlite-table-edit.ts'
import { definedOtherwise, nameOf, readCheck, readForeignKey, requireColumns } from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import { checkText, foreignKeyText, uniqueText } from './column-text.ts'
import type { Ground } from './ground.ts'
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
      await addConstraint(ground, stored, { name: key.name, columns, text: foreignKeyText(key) })
    },
    addUnique: async (table, columns, options = {}) => {
      requireColumns(`a key of ${table}`, columns)
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

/** Without its name, blanks, case, and whether it is written with its column. */
function canonical(text: string, columns: readonly string[]): string {
  const marks = readMarks(text)
  const rest = (marks[0]?.text === 'constraint' ? marks.slice(2) : marks).map((mark) => mark.text)
  const head = columns.length === 0 ? [] : ['(', columns.join(' , '), ')']
  if (rest[0] === 'references' && columns.length > 0) return ['foreign', 'key', ...head, ...rest].join(' ')
  if (rest[0] === 'unique' && rest[1] !== '(') return ['unique', ...head, ...rest.slice(1)].join(' ')
  return rest.join(' ').replaceAll(/ on (?:delete|update) no action/g, '')
}

interface Place {
  readonly constraint: Constraint
  /** Of a constraint that is written with its column: that column. */
  readonly columns: readonly string[]
  remove(): readonly Edit[]
}

const endings: Partial<Record<ConstraintKind, 'fkey' | 'key' | 'pkey' | 'check'>> = {
  references: 'fkey',
  'foreign key': 'fkey',
  unique: 'key',
  'primary key': 'pkey',
  check: 'check',
}

/** By its own name, or, for one without, by that which PostgreSQL would have given it. */
function findPlace(text: TableText, table: string, name: string): Place | undefined {
  const places: Place[] = [
    ...text.constraints.map((constraint) => ({
      constraint,
      columns: [],
      remove: () => removeItem(text, constraint),
    })),
    ...text.columns.flatMap((column) =>
      column.constraints.map((constraint) => ({
        constraint,
        columns: [column.name],
        remove: () => [removeColumnConstraint(text.sql, constraint)],
      })),
    ),
  ]
  const wanted = name.toLowerCase()
  return (
    places.find(({ constraint }) => constraint.name === wanted) ??
    places.find(({ constraint, columns }) => {
      const ending = endings[constraint.kind]
      if (ending === undefined || constraint.name !== undefined) return false
      const of = columns.length > 0 || constraint.kind === 'check' ? columns : columnsIn(constraint)
      return nameObject(table.toLowerCase(), of, ending) === wanted
    })
  )
}
