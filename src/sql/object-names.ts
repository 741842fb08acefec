/** Names for constraints and indexes that nobody named: those PostgreSQL would give, and the same on every database. */
import { hash } from 'node:crypto'
import { postgresNameBytes } from './quote.ts'

export type ObjectKind = 'pkey' | 'key' | 'fkey' | 'check' | 'idx'

/**
 * `<table>_<columns>_<kind>`, and `<table>_pkey`. A name over 63 bytes is cut before its kind, and eight digits of a
 * SHA-256 of the whole keep it apart from others with the same beginning.
 */
export function nameObject(table: string, columns: readonly string[], kind: ObjectKind): string {
  const stem = kind === 'pkey' ? table : [table, ...columns].join('_')
  const whole = `${stem}_${kind}`
  if (Buffer.byteLength(whole) <= postgresNameBytes) return whole
  const ending = `_${hash('sha256', whole).slice(0, 8)}_${kind}`
  return cutBytes(stem, postgresNameBytes - ending.length) + ending
}

/** A word for an expression in a name: `lower(email)` gives `lower_email`. */
export function wordOf(expression: string): string {
  return (
    expression
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.join('_') ?? 'expr'
  )
}

/** The longest beginning that has at most `bytes` bytes and ends with a whole character. */
function cutBytes(text: string, bytes: number): string {
  let size = 0
  let cut = ''
  for (const character of text) {
    size += Buffer.byteLength(character)
    if (size > bytes) break
    cut += character
  }
  return cut
}
