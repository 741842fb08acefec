/** `NAME:TYPE[:ATTRIBUTE…]`: a column as somebody types it. */

import { findFragmentFault } from './fragment.ts'
import { checkName, readTable, refuseTwice, splitColumn, type TableName } from './names.ts'
import type { TemplateArguments } from './parameters.ts'
import type { Asked } from './template.ts'

export interface Column {
  /** As it was given. */
  readonly given: string
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  readonly unique: boolean
  readonly primaryKey: boolean
  readonly identity: boolean
  readonly default: ColumnDefault | undefined
  readonly references: Reference | undefined
}

export type ColumnDefault =
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'now' }
  | { readonly kind: 'sql'; readonly sql: string }

export interface Reference {
  readonly table: TableName
  readonly columns: readonly string[]
}

/** A row of the page, and what is understood; `default=` and `default-sql=` take all that follows. */
export const columnAttributes = {
  'not-null': 'no row without a value',
  unique: 'no two rows alike',
  'primary-key': 'of several columns, all of them together',
  identity: 'numbers its rows by itself',
  'references=TABLE.COLUMN':
    'a foreign key; the part behind the last dot is the column. One of several columns: template add-foreign-key',
  'default=VALUE':
    'a value, taken as it is; `now()` is the time of the insert. Comes last: a colon in it is its own',
  'default-sql=EXPRESSION': 'an expression in SQL. Comes last',
} as const

/** Throws bad-argument. */
export function readColumns(asked: Asked, flag: 'column' | 'was' = 'column'): readonly Column[] {
  const columns = asked.list(flag).map((text) => readColumn(asked, text, flag))
  refuseTwice(
    asked,
    columns.map(({ name }) => name),
    flag,
  )
  return columns
}

interface Draft {
  notNull?: boolean
  unique?: boolean
  primaryKey?: boolean
  identity?: boolean
  default?: ColumnDefault
  references?: Reference
}

function readColumn(asked: Asked, text: string, flag: 'column' | 'was'): Column {
  const { name, rest = '' } = splitColumn(text)
  checkName(asked, name, flag)
  if (rest === '')
    throw asked.refuse(`--${flag} ${text} has no type; write ${name}:TYPE`, asked.example(flag, text))
  const [type, after] = cut(rest)
  if (!isType(type)) throw asked.refuse(`--${flag} ${name}: ${type} is not a type`, asked.example(flag, text))
  const draft: Draft = {}
  for (let left = after; left !== undefined; )
    left = readAttribute(asked, { draft, type, text: left, name, flag, given: text })
  return {
    given: text,
    name,
    type,
    notNull: draft.notNull === true,
    unique: draft.unique === true,
    primaryKey: draft.primaryKey === true,
    identity: draft.identity === true,
    default: draft.default,
    references: draft.references,
  }
}

interface Place {
  readonly draft: Draft
  readonly type: string
  readonly name: string
  readonly flag: 'column' | 'was'
  /** All of it. */
  readonly given: string
  /** From the attribute on. */
  readonly text: string
}

/** What is left behind it. */
function readAttribute(asked: Asked, place: Place): string | undefined {
  const { draft, type, name, flag, text, given } = place
  const [, kind, value] = /^(default|default-sql)=(.*)$/s.exec(text) ?? []
  if (value !== undefined) {
    draft.default = kind === 'default' ? readDefault(type, value) : readExpression(asked, value, place)
    return undefined
  }
  const [attribute, rest] = cut(text)
  const [, target] = /^references=(.+)$/s.exec(attribute) ?? []
  if (target !== undefined) draft.references = readOneReference(asked, target, place)
  else if (attribute === 'not-null') draft.notNull = true
  else if (attribute === 'unique') draft.unique = true
  else if (attribute === 'primary-key') draft.primaryKey = true
  else if (attribute === 'identity') draft.identity = true
  else
    throw asked.refuse(
      `--${flag} ${name}: ${attribute === '' ? 'there is a colon too many' : `${attribute} is unknown`}; known are ${Object.keys(columnAttributes).join(', ')}`,
      asked.example(flag, given),
    )
  return rest
}

/** At the first colon outside double quotes. */
function cut(text: string): [head: string, rest: string | undefined] {
  const head = /^(?:"[^"]*"|[^":])*/.exec(text)?.[0] ?? ''
  return [head, head.length === text.length ? undefined : text.slice(head.length + 1)]
}

const word = '(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")'
const typePattern = new RegExp(
  `^${word}(?:\\.${word})?(?: [a-z]+)*(?:\\(\\d+(?:, ?-?\\d+)?\\))?(?: [a-z]+)*(?:\\[\\d*\\])*$`,
  'i',
)
/** Words of a column's definition that are no part of its type. */
const notOfType =
  /(?:^|[ )])(?:not|null|default|primary|unique|references|check|constraint|collate|generated|as)\b/i

/** It is written as it is, so it may hold nothing that a type has not. */
function isType(text: string): boolean {
  return typePattern.test(text) && !notOfType.test(text)
}

const textual =
  /^(?:text|citext|character|char|varchar|nchar|clob|uuid|json|jsonb|bytea|blob|date|time|inet)/i

function readDefault(type: string, value: string): ColumnDefault {
  if (/^(?:now\(\)|current_timestamp)$/i.test(value)) return { kind: 'now' }
  if (value === 'null') return { kind: 'value', value: null }
  if (/^bool/i.test(type) && /^(?:true|false)$/i.test(value))
    return { kind: 'value', value: value.toLowerCase() === 'true' }
  const isNumber = !textual.test(type) && String(Number(value)) === value && Number.isFinite(Number(value))
  return { kind: 'value', value: isNumber ? Number(value) : value }
}

function readExpression(asked: Asked, sql: string, { name, flag, given }: Place): ColumnDefault {
  const fault = findFragmentFault(sql, asked.dialect)
  if (fault !== undefined) throw asked.refuse(`the default of ${name} ${fault}`, asked.example(flag, given))
  return { kind: 'sql', sql }
}

/** A key of several columns is not one column's. */
function readOneReference(asked: Asked, text: string, { name, flag, given }: Place): Reference {
  const reference = readReference(asked, text, flag, given)
  if (reference.columns.length === 1) return reference
  throw asked.refuse(
    `--${flag} ${name} refers to ${reference.columns.length} columns: that takes a foreign key of as many, template add-foreign-key --references ${text}`,
    replaceGiven(asked, flag, given, given.replace(`:references=${text}`, '')),
  )
}

/** Changes that put another text in the place of the one that was given. */
export function replaceGiven(
  asked: Asked,
  flag: 'column' | 'was',
  given: string,
  text: string,
): TemplateArguments {
  return { [flag]: asked.list(flag).map((each) => (each === given ? text : each)) }
}

/** `users.id`, `app.users.id`, `prices.country,year`. Throws bad-argument. */
export function readReference(
  asked: Asked,
  text: string,
  flag: 'column' | 'was' | 'references',
  given: string = text,
): Reference {
  const dot = /^((?:"[^"]*"|[^"])+)\.((?:"[^"]*"|[^".])+)$/s.exec(text)
  const [, table, column] = dot ?? []
  if (table === undefined || column === undefined)
    throw asked.refuse(
      `${text} does not say what is referred to: TABLE.COLUMN, such as users.id`,
      asked.example(flag, given),
    )
  const columns = [...column.matchAll(/(?:"[^"]*"|[^",])+/g)].map(([part]) => {
    const { name } = splitColumn(part.trim())
    return checkName(asked, name, flag)
  })
  return { table: readTable(asked, table, flag), columns }
}
