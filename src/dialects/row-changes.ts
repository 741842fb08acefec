/** What the function of a backfill answered, checked before any of it is written. */
import type { Row, RowChange } from './dialect.ts'

export interface ChangedRow {
  /** Place among the rows that the function was given. */
  readonly index: number
  readonly columns: Row
}

/** Those that change. Throws TypeError for an answer that does not fit the rows. */
export async function findChanges(
  rows: readonly Row[],
  change: RowChange,
  key: readonly string[],
): Promise<ChangedRow[]> {
  const answer: unknown = await change(rows)
  if (!Array.isArray(answer) || answer.length !== rows.length)
    throw new TypeError(
      `set must return an array with an entry for each of its ${rows.length} rows, in their order; it returned ${Array.isArray(answer) ? `${answer.length} entries` : typeof answer}`,
    )
  return answer.flatMap((columns: unknown, index) => {
    if (columns === null || columns === undefined) return []
    if (typeof columns !== 'object')
      throw new TypeError(`set returned a ${typeof columns} for a row, not an object of columns`)
    for (const [name, value] of Object.entries(columns)) {
      if (key.includes(name)) throw new TypeError(`set changes ${name}, which the backfill goes by`)
      if (value === undefined)
        throw new TypeError(`set returned undefined for the column ${name}; a missing value is written null`)
    }
    return Object.keys(columns).length === 0 ? [] : [{ index, columns: columns as Row }]
  })
}
