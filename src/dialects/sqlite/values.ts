/** Values on their way into SQLite and back, with the feel they have on PostgreSQL. */
import type { Row } from '../dialect.ts'

/** What the driver binds; https://www.sqlite.org/datatype3.html */
export type SqliteValue = number | bigint | string | Uint8Array | null

/**
 * Whole numbers bind as INTEGER (the driver alone would bind each number as REAL, and a text column would keep `1.0`),
 * booleans as 1 and 0, a Date as ISO-8601 text in UTC, plain objects and arrays as JSON text.
 * Throws for anything else, naming it by its 1-based place.
 */
export function toSqliteValues(values: readonly unknown[]): SqliteValue[] {
  return values.map((value, index) => toSqliteValue(value, `value ${index + 1}`))
}

function toSqliteValue(value: unknown, what: string): SqliteValue {
  switch (typeof value) {
    case 'string':
    case 'bigint':
      return value
    case 'boolean':
      return value ? 1n : 0n
    case 'number':
      return fromNumber(value, what)
    case 'undefined':
      throw new TypeError(`${what} is undefined; a missing value is written null`)
    case 'object':
      return value === null ? null : fromObject(value, what)
    default:
      throw new TypeError(`${what} is a ${typeof value}, which SQLite cannot store`)
  }
}

function fromNumber(value: number, what: string): SqliteValue {
  if (Number.isNaN(value)) throw new TypeError(`${what} is NaN, which SQLite would store as null`)
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value
}

function fromObject(value: object, what: string): SqliteValue {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new TypeError(`${what} is an invalid Date`)
    return value.toISOString()
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null)
    return JSON.stringify(value)
  throw new TypeError(
    `${what} is a ${value.constructor.name}; only plain objects and arrays are stored as JSON`,
  )
}

/** Integers come out of the driver as bigint; those that a number holds exactly become one. */
export function fromSqliteRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, fromSqliteValue(value)]))
}

function fromSqliteValue(value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
