/** Constraints in the text of a table: where they are, and whether they are those that are wanted. */
import { nameObject } from '../../../sql/object-names.ts'
import { type Constraint, type ConstraintKind, readMarks } from '../../../sql/sqlite-marks.ts'
import { columnsIn, readSqliteTable, type TableText } from '../../../sql/sqlite-table.ts'
import { type Edit, removeColumnConstraint, removeItem } from '../../../sql/sqlite-table-edit.ts'
import { definedOtherwise } from '../../operation-parts.ts'
import type { StoredTable } from './stored.ts'

/** Without its name, blanks, case, and whether it is written with its column. */
export function canonical(text: string, columns: readonly string[]): string {
  const marks = readMarks(text)
  const rest = (marks[0]?.text === 'constraint' ? marks.slice(2) : marks).map((mark) => mark.text)
  const head = columns.length === 0 ? [] : ['(', columns.join(' , '), ')']
  if (rest[0] === 'references' && columns.length > 0) return ['foreign', 'key', ...head, ...rest].join(' ')
  if (rest[0] === 'unique' && rest[1] !== '(') return ['unique', ...head, ...rest.slice(1)].join(' ')
  if (rest[0] === 'primary' && rest[2] !== '(') return ['primary key', ...head, ...rest.slice(2)].join(' ')
  if (rest[0] === 'primary') return ['primary key', ...rest.slice(2)].join(' ')
  return rest.join(' ').replaceAll(/ on (?:delete|update) no action/g, '')
}

export interface Place {
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

/** Of all kinds; those that are no constraint of SQL's have no ending. */
function listPlaces(text: TableText): Place[] {
  return [
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
}

/** By its own name, or, for one without, by that which PostgreSQL would have given it. */
export function findPlace(text: TableText, table: string, name: string): Place | undefined {
  const places = listPlaces(text)
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

const isKey = ({ constraint }: Place) => constraint.kind === 'primary key'
const sourceOf = ({ sql }: TableText, { constraint }: Place) => sql.slice(constraint.start, constraint.end)

/**
 * Each constraint in `items`, as they would stand in `create table`, must be there as it is wanted; others may have come
 * since, but no primary key. Throws defined-otherwise.
 */
export function requireConstraints(
  { name: table, text }: StoredTable,
  what: string,
  items: readonly string[],
  isWhole: boolean,
): void {
  const wanted = readSqliteTable(`create table t (${items.join(', ')})`)
  if (wanted === undefined) return
  const differing: [found: string, wanted: string][] = []
  for (const place of listPlaces(wanted)) {
    const { kind, name } = place.constraint
    if (endings[kind] === undefined || name === undefined) continue
    const has = isKey(place) ? listPlaces(text).find(isKey) : findPlace(text, table, name)
    const wants = sourceOf(wanted, place)
    const source = has === undefined ? `no constraint ${name}` : sourceOf(text, has)
    if (has === undefined || canonical(source, has.columns) !== canonical(wants, place.columns))
      differing.push([source, wants])
  }
  const surplus = isWhole && !listPlaces(wanted).some(isKey) ? listPlaces(text).find(isKey) : undefined
  if (surplus !== undefined) differing.push([sourceOf(text, surplus), 'no primary key'])
  if (differing.length === 0) return
  const side = (at: 0 | 1) => differing.map((pair) => pair[at]).join('; ')
  throw definedOtherwise(what, side(0), side(1))
}
