/** A column, its default and constraints as SQLite's text. */
import { quoteSqliteId } from '../../../sql/quote.ts'
import {
  badOperation,
  requireFinite,
  type WantedColumn,
  type WantedForeignKey,
} from '../../operation-parts.ts'
import type { DefaultValue } from '../../operations.ts'

/**
 * What the portable types are kept as. The names are those of the storage class, so that a value comes back as it went
 * in: `timestamptz` would have NUMERIC affinity; https://www.sqlite.org/datatype3.html#determination_of_column_affinity
 */
const types: Readonly<Record<string, string>> = {
  integer: 'integer',
  bigint: 'integer',
  smallint: 'integer',
  text: 'text',
  boolean: 'boolean',
  timestamptz: 'text',
  timestamp: 'text',
  date: 'text',
  time: 'text',
  numeric: 'numeric',
  real: 'real',
  double: 'real',
  uuid: 'text',
  json: 'text',
  jsonb: 'text',
  bytea: 'blob',
}

/** What `{ now: true }` writes; with slipway a Date is bound as the first of these forms. */
const nowAs: Readonly<Record<string, string>> = {
  date: "(date('now'))",
  time: "(time('now'))",
}
const nowAsText = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"

export function isPortable(type: string): boolean {
  return types[type.trim().toLowerCase()] !== undefined
}

export function typeText(type: string): string {
  const written = type.trim()
  const sized = /^(varchar|numeric)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)$/i.exec(written)
  if (sized !== null) {
    const [, name = '', size, scale] = sized
    return `${name.toLowerCase()}(${size}${scale === undefined ? '' : `,${scale}`})`
  }
  return types[written.toLowerCase()] ?? written
}

/** Throws bad-operation for what is no literal. */
export function defaultText(value: DefaultValue, type: string): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'string':
      return textLiteral(value)
    case 'number':
      return requireFinite(value)
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? '1' : '0'
  }
  if (value instanceof Date) return textLiteral(value.toISOString())
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  if ('raw' in value) return `(${value.raw})`
  if ('json' in value) return textLiteral(JSON.stringify(value.json))
  if ('now' in value) return nowAs[type.trim().toLowerCase()] ?? nowAsText
  throw badOperation(
    'a default is a text, a number, true, false, null, a Date, bytes, { raw }, { now } or { json }',
  )
}

function textLiteral(text: string): string {
  if (text.includes('\0')) throw badOperation('a default cannot hold a NUL character')
  return `'${text.replaceAll("'", "''")}'`
}

/** `key`: the constraint of a primary key that is this column alone and numbers its rows. */
export function columnText(column: WantedColumn, key?: string): string {
  const parts = [quoteSqliteId(column.name), typeText(column.type)]
  if (column.identity === true) {
    if (key === undefined)
      throw badOperation(
        `the column ${column.name}: on SQLite only a primary key of one column numbers its rows`,
        "write { type: 'bigint', identity: true, primaryKey: true }",
      )
    if (typeText(column.type) !== 'integer')
      throw badOperation(`the column ${column.name}: identity needs an integer type, not ${column.type}`)
    return [...parts, `constraint ${quoteSqliteId(key)} primary key autoincrement`].join(' ')
  }
  if (!column.nullable) parts.push('not null')
  if (column.default !== undefined) parts.push(`default ${defaultText(column.default, column.type)}`)
  return parts.join(' ')
}

export function list(columns: readonly string[]): string {
  return `(${columns.map(quoteSqliteId).join(', ')})`
}

export function uniqueText(name: string, columns: readonly string[]): string {
  return `constraint ${quoteSqliteId(name)} unique ${list(columns)}`
}

export function checkText(name: string, expression: string): string {
  return `constraint ${quoteSqliteId(name)} check (${expression})`
}

export function foreignKeyText(key: WantedForeignKey): string {
  return `constraint ${quoteSqliteId(key.name)} foreign key ${list(key.columns)} ${referenceText(key)}`
}

export function referenceText({ target, onDelete, onUpdate }: WantedForeignKey): string {
  const to = target.columns === undefined ? '' : ` ${list(target.columns)}`
  const actions = [
    onDelete === undefined || onDelete === 'no action' ? '' : ` on delete ${onDelete}`,
    onUpdate === undefined || onUpdate === 'no action' ? '' : ` on update ${onUpdate}`,
  ]
  return `references ${quoteSqliteId(parentOf(target.table))}${to}${actions.join('')}`
}

/** A foreign key cannot leave its schema, so SQLite takes no schema here. */
function parentOf(table: string): string {
  return /^main\./i.test(table) ? table.slice(5) : table
}
