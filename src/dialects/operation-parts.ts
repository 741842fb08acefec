/** What the operations of every dialect have in common: reading what was asked for, naming it, and saying no. */
import { SlipwayError } from '../errors.ts'
import { nameObject } from '../sql/object-names.ts'
import { parseName } from '../sql/quote.ts'
import { mentions, readMarks } from '../sql/sqlite-marks.ts'
import type {
  CheckSpec,
  ColumnReference,
  ColumnSpec,
  ColumnType,
  ForeignKeyOptions,
  ForeignKeyTarget,
  IndexColumn,
  TableSpec,
} from './operations.ts'

export interface NamedColumns {
  readonly name: string
  readonly columns: readonly string[]
}

export interface WantedForeignKey extends NamedColumns, Pick<ForeignKeyOptions, 'onDelete' | 'onUpdate'> {
  readonly target: { readonly table: string; readonly columns?: readonly string[] }
}

/** A table with every constraint beside its columns, and each of them with a name. */
export interface WantedTable {
  readonly columns: readonly WantedColumn[]
  readonly primaryKey: NamedColumns | undefined
  readonly uniques: readonly NamedColumns[]
  readonly checks: readonly Required<CheckSpec>[]
  readonly foreignKeys: readonly WantedForeignKey[]
  readonly comment: string | undefined
}

export interface WantedColumn extends Omit<ColumnSpec, 'unique' | 'references' | 'primaryKey' | 'nullable'> {
  readonly name: string
  readonly nullable: boolean
}

const columnKeys = ['type', 'nullable', 'default', 'primaryKey', 'identity', 'unique', 'references']

export function badOperation(message: string, hint?: string): SlipwayError {
  return new SlipwayError('bad-operation', message, hint === undefined ? {} : { hint })
}

export function definedOtherwise(what: string, found: string, wanted: string): SlipwayError {
  return new SlipwayError(
    'defined-otherwise',
    `${what} exists with another definition\n  found:  ${found}\n  wanted: ${wanted}`,
  )
}

/** Throws bad-operation for a key that is none, as a misspelt one would be ignored. */
export function refuseUnknown(what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    throw badOperation(`${what}: unknown ${unknown.join(', ')}`, `it knows ${known.join(', ')}`)
}

/** One alone stands for a list of it. Throws bad-operation for an empty one. */
export function listColumns<T extends IndexColumn = string>(
  what: string,
  given: T | readonly T[],
): readonly T[] {
  const columns = (Array.isArray(given) ? given : [given]) as readonly T[]
  const isNone = (column: T) => (typeof column === 'string' ? column : column?.raw)?.trim() === ''
  if (columns.length === 0 || columns.some((column) => column == null || isNone(column)))
    throw badOperation(`${what}: a list of one or more columns is missing`)
  return columns
}

export function readColumn(name: string, given: ColumnSpec | ColumnType): ColumnSpec {
  const spec = typeof given === 'string' ? { type: given } : given
  if (typeof spec !== 'object' || spec === null || typeof spec.type !== 'string' || spec.type.trim() === '')
    throw badOperation(`the column ${name} has no type`, "write { type: 'text' }")
  refuseUnknown(`the column ${name}`, spec, columnKeys)
  return spec
}

/** `table` as given, its schema included. Throws bad-operation. */
export function readTable(table: string, spec: TableSpec): WantedTable {
  const what = `createTable ${table}`
  refuseUnknown(what, spec, ['columns', 'primaryKey', 'unique', 'checks', 'foreignKeys', 'comment'])
  const columns = Object.entries(spec.columns).map(([name, given]) => ({
    name,
    spec: readColumn(name, given),
  }))
  if (columns.length === 0) throw badOperation(`${what}: it has no columns`)
  const names = columns.map(({ name }) => name)
  const parts = columns.map(({ name, spec: one }) => readColumnParts(table, name, one))
  const keys = columns.filter(({ spec: one }) => one.primaryKey === true).map(({ name }) => name)
  const key =
    spec.primaryKey === undefined
      ? keys.length === 0
        ? undefined
        : keys
      : listColumns(`${what}: primaryKey`, spec.primaryKey)
  if (spec.primaryKey !== undefined && keys.length > 0)
    throw badOperation(`${what}: the primary key is given twice`)
  return {
    columns: parts.map(({ column }) => ({
      ...column,
      nullable: column.nullable && !key?.includes(column.name),
    })),
    primaryKey: key === undefined ? undefined : named(table, key, 'pkey'),
    uniques: [
      ...parts.flatMap(({ unique }) => unique),
      ...(spec.unique ?? []).map((each) => named(table, each, 'key')),
    ],
    checks: (spec.checks ?? []).map((check) => readCheck(table, check, names)),
    foreignKeys: [
      ...parts.flatMap(({ foreignKey }) => foreignKey),
      ...(spec.foreignKeys ?? []).map(({ columns: from, references, ...options }) =>
        readForeignKey(table, from, references, options),
      ),
    ],
    comment: spec.comment,
  }
}

export interface ColumnParts {
  readonly column: WantedColumn
  /** None or one. */
  readonly unique: readonly NamedColumns[]
  readonly foreignKey: readonly WantedForeignKey[]
}

/** A column for a table that exists. Throws bad-operation. */
export function readNewColumn(table: string, name: string, given: ColumnSpec | ColumnType): ColumnParts {
  const spec = readColumn(name, given)
  if (spec.primaryKey === true)
    throw badOperation(`the column ${table}.${name}: a primary key comes with its table`)
  return readColumnParts(table, name, spec)
}

/** A column of `table` and the constraints that came with it. */
export function readColumnParts(table: string, name: string, spec: ColumnSpec): ColumnParts {
  const { unique, references, primaryKey, nullable, ...rest } = spec
  const column = { ...rest, name, nullable: nullable !== false && primaryKey !== true }
  return {
    column,
    unique: unique === true ? [named(table, [name], 'key')] : [],
    foreignKey: references === undefined ? [] : [readReference(table, name, references)],
  }
}

function readReference(table: string, column: string, given: string | ColumnReference): WantedForeignKey {
  const { table: target, column: to, ...options } = typeof given === 'string' ? { table: given } : given
  const reference = to === undefined ? { table: target } : { table: target, columns: [to] }
  return readForeignKey(table, [column], reference, options)
}

export function readForeignKey(
  table: string,
  given: string | readonly string[],
  { table: parent, columns: to }: ForeignKeyTarget,
  options: ForeignKeyOptions = {},
): WantedForeignKey {
  const { name, ...actions } = options
  const what = `a foreign key of ${table}`
  const columns = listColumns(what, given)
  refuseUnknown(what, actions, ['onDelete', 'onUpdate', 'notValid'])
  return {
    name: name ?? nameOf(table, columns, 'fkey'),
    columns,
    target:
      to === undefined
        ? { table: parent }
        : { table: parent, columns: listColumns(`${what} to ${parent}`, to) },
    ...(actions.onDelete === undefined ? {} : { onDelete: action(actions.onDelete) }),
    ...(actions.onUpdate === undefined ? {} : { onUpdate: action(actions.onUpdate) }),
  }
}

const actions = ['no action', 'restrict', 'cascade', 'set null', 'set default'] as const

function action(given: string): (typeof actions)[number] {
  const found = actions.find((one) => one === given.toLowerCase())
  if (found === undefined) throw badOperation(`${given} is no action of a foreign key`, actions.join(', '))
  return found
}

/** `columns`: all of the table's. */
export function readCheck(
  table: string,
  given: CheckSpec | string,
  columns: readonly string[],
): Required<CheckSpec> {
  const { name, expression } = typeof given === 'string' ? { name: undefined, expression: given } : given
  if (typeof expression !== 'string' || expression.trim() === '')
    throw badOperation(`a check of ${table} has no expression`)
  const marks = readMarks(expression)
  const first = (column: string) => marks.findIndex(({ text }) => text === column.toLowerCase())
  const mentioned = columns
    .filter((column) => mentions(marks, column))
    .toSorted((a, b) => first(a) - first(b))
  return { name: name ?? nameOf(table, mentioned, 'check'), expression: expression.trim() }
}

export function named(table: string, given: string | readonly string[], kind: 'pkey' | 'key'): NamedColumns {
  const columns = listColumns(`a key of ${table}`, given)
  return { name: nameOf(table, columns, kind), columns }
}

export function nameOf(
  table: string,
  columns: readonly string[],
  kind: Parameters<typeof nameObject>[2],
): string {
  return nameObject(parseName(table).name, columns, kind)
}

/** A number's digits. Throws bad-operation for one that has none. */
export function requireFinite(value: number): string {
  if (!Number.isFinite(value)) throw badOperation(`${value} cannot be a default`, "write { raw: '…' }")
  return String(value)
}
