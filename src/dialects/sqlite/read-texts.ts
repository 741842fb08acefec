/** Rows of a query that is not ours, as text. */
import type { Handle } from './driver.ts'

/** The first column of each row; undefined for null. */
export function readTexts(handle: Handle, query: string): readonly (string | undefined)[] {
  return handle
    .prepare(query)
    .raw()
    .all()
    .map((row) => {
      const first = Array.isArray(row) ? row[0] : undefined
      return first === null || first === undefined ? undefined : String(first)
    })
}
