/** How values travel: one feel with SQLite, and no rounding. The only file that imports `postgres-array`. */
import { parse as parseArray } from 'postgres-array'

interface ValueType {
  readonly to: number
  readonly from: readonly number[]
  readonly serialize: (value: unknown) => string
  readonly parse: (text: string) => unknown
}

/** int8 arrives as a number where it is exact, else as a bigint. */
export function parseInteger(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/** An array or object whose type the server chooses: an array literal, or JSON where the parameter is json or jsonb. */
export interface Composite {
  readonly value: object
  toString(): string
}

/**
 * As the driver binds them; `untyped` is for what only the server knows the type of. Throws for what has no value in
 * SQL (a function, a promise nobody awaited), naming it by its 1-based place.
 */
export function toPostgresValues(
  values: readonly unknown[],
  untyped: (composite: Composite) => unknown,
): unknown[] {
  return values.map((value, index) => {
    const what = `value ${index + 1}`
    switch (typeof value) {
      case 'string':
      case 'number':
      case 'boolean':
        return value
      case 'bigint':
        // The driver declares a bigint as int8; beyond that it can only be meant for numeric or text.
        return BigInt.asIntN(64, value) === value ? value : String(value)
      case 'undefined':
        throw new TypeError(`${what} is undefined; a missing value is written null`)
      case 'object':
        return value === null ? null : fromObject(value, what, untyped)
      default:
        throw new TypeError(`${what} is a ${typeof value}, which PostgreSQL cannot store`)
    }
  })
}

function fromObject(value: object, what: string, untyped: (composite: Composite) => unknown): unknown {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new TypeError(`${what} is an invalid Date`)
    return value
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null)
    return untyped(toComposite(value))
  throw new TypeError(
    `${what} is a ${value.constructor.name}; only plain objects and arrays are stored as JSON`,
  )
}

function toComposite(value: object): Composite {
  return { value, toString: () => (Array.isArray(value) ? arrayLiteral(value) : JSON.stringify(value)) }
}

/** https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function arrayLiteral(items: readonly unknown[]): string {
  return `{${items.map(elementLiteral).join(',')}}`
}

function elementLiteral(item: unknown): string {
  if (item === null || item === undefined) return 'NULL'
  if (Array.isArray(item)) return arrayLiteral(item)
  return `"${scalarText(item).replace(/[\\"]/g, '\\$&')}"`
}

function scalarText(item: unknown): string {
  if (item instanceof Date) return item.toISOString()
  if (item instanceof Uint8Array) return `\\x${Buffer.from(item).toString('hex')}`
  return typeof item === 'object' ? JSON.stringify(item) : String(item)
}

function jsonText(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(typeof value === 'object' && value !== null && 'value' in value ? value.value : value)
}

const element: Record<string, { readonly array: number; readonly parse: (text: string) => unknown }> = {
  bool: { array: 1000, parse: (text) => text === 't' },
  int2: { array: 1005, parse: Number },
  int4: { array: 1007, parse: Number },
  int8: { array: 1016, parse: parseInteger },
  float4: { array: 1021, parse: Number },
  float8: { array: 1022, parse: Number },
  name: { array: 1003, parse: String },
  text: { array: 1009, parse: String },
  varchar: { array: 1015, parse: String },
  numeric: { array: 1231, parse: String },
  uuid: { array: 2951, parse: String },
  json: { array: 199, parse: JSON.parse },
  jsonb: { array: 3807, parse: JSON.parse },
  date: { array: 1182, parse: (text) => new Date(text) },
  timestamp: { array: 1115, parse: (text) => new Date(text) },
  timestamptz: { array: 1185, parse: (text) => new Date(text) },
}

/** Object identifiers are fixed: src/include/catalog/pg_type.dat of PostgreSQL. */
export const valueTypes: Record<string, ValueType> = {
  int8: { to: 20, from: [20], serialize: String, parse: parseInteger },
  json: { to: 114, from: [114, 3802], serialize: jsonText, parse: JSON.parse },
  ...Object.fromEntries(
    Object.entries(element).map(([name, { array, parse }]) => [
      `${name}Array`,
      { to: array, from: [array], serialize: String, parse: (text: string) => parseArray(text, parse) },
    ]),
  ),
}
