/** Any value as plain JSON data without secrets. Never throws: what cannot be read is named instead. */
import { messageOf } from '../errors.ts'
import type { Redactor } from '../redact.ts'

export interface PlainDataOptions {
  readonly redact: Redactor
  /** Ours are stable names and are kept, with all they hold; foreign data may hold anything, in any amount. */
  readonly keys: 'own' | 'foreign'
}

const maxDepth = 8
const maxItems = 1000

/**
 * Strings are redacted one by one, before serialisation: afterwards a password such as `1234` or `"` would also
 * match figures and punctuation, and the line would no longer be JSON.
 */
export function toPlainData(value: unknown, options: PlainDataOptions): unknown {
  return convert(value, options, [])
}

function convert(value: unknown, options: PlainDataOptions, parents: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return options.redact(value)
    case 'number':
      // Ours are counts and milliseconds; a tenth of a nanosecond helps nobody.
      return options.keys === 'own' ? Math.round(value) : value
    case 'boolean':
    case 'undefined':
      return value
    case 'bigint':
    case 'symbol':
      return options.redact(String(value))
    case 'function':
      return undefined
    case 'object':
      return value === null ? null : convertObject(value, options, parents)
  }
}

function convertObject(value: object, options: PlainDataOptions, parents: readonly object[]): unknown {
  if (parents.includes(value)) return '[circular]'
  if (options.keys === 'foreign' && parents.length >= maxDepth) return '[too deep]'
  const within = [...parents, value]
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof Error) return options.redact(messageOf(value))
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (value instanceof Map || value instanceof Set) return convert([...value], options, within)
    if (Array.isArray(value)) return convertArray(value, options, within)
    return convertRecord(value, options, within)
  } catch {
    return '[unreadable]'
  }
}

function convertArray(
  items: readonly unknown[],
  options: PlainDataOptions,
  within: readonly object[],
): unknown[] {
  const kept = options.keys === 'foreign' ? items.slice(0, maxItems) : items
  const converted = kept.map((item) => convert(item, options, within))
  return kept.length === items.length ? converted : [...converted, `[${items.length - kept.length} more]`]
}

function convertRecord(value: object, options: PlainDataOptions, within: readonly object[]): unknown {
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([key, item]) => [
      options.keys === 'own' ? key : options.redact(key),
      convert(item, options, within),
    ]),
  )
}
