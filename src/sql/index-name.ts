/** The name of an index that was given none. */
import { hash as digest } from 'node:crypto'
import { postgresNameBytes } from './quote.ts'

/** `<table>_<columns>_idx`; a longer one than PostgreSQL keeps ends with a hash of what was cut. */
export function nameIndex(table: string, columns: readonly string[], suffix = 'idx'): string {
  const whole = [table, ...columns, suffix].join('_')
  if (Buffer.byteLength(whole) <= postgresNameBytes) return whole
  const hash = digest('sha256', whole).slice(0, 8)
  const end = `_${hash}_${suffix}`
  let start = [table, ...columns].join('_')
  while (Buffer.byteLength(start) + end.length > postgresNameBytes) start = start.slice(0, -1)
  return `${start}${end}`
}
