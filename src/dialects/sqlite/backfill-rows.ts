/** A batch whose changes a function of the migration works out. */
import { quoteSqliteId } from '../../sql/quote.ts'
import type { Row, RowChange } from '../dialect.ts'
import { findChanges } from '../row-changes.ts'
import { type Backfill, orderOf, type Range, rowsOf } from './backfill.ts'
import { sendStatement } from './send.ts'

/** Returns how many rows were changed. Nobody else writes meanwhile: the transaction has the write lock. */
export async function changeRows(backfill: Backfill, change: RowChange, range: Range): Promise<number> {
  const { run, request, sql, key } = backfill
  const wanted = rowsOf(backfill, range)
  const keyed = key.map((column, index) => `${column.sql} as slipway_key_${index + 1}`).join(', ')
  const text = `select ${keyed}, * from ${sql} where ${wanted.text} order by ${orderOf(key, 'asc')}`
  request.say(text)
  const found = sendStatement(run.handle, { text, sentAt: 0 }, wanted.values)
  const names = key.map(({ name }) => name)
  const changes = await findChanges(found.map(withoutMark), change, names)
  const same = key.map((column) => `${column.collated} = ?`).join(' and ')
  for (const { index, columns } of changes) {
    const set = Object.keys(columns).map((name) => `${quoteSqliteId(name)} = ?`)
    const marks = key.map((_, place) => found[index]?.[`slipway_key_${place + 1}`])
    const update = `update ${sql} set ${set.join(', ')} where ${same}`
    request.say(update)
    sendStatement(run.handle, { text: update, sentAt: 0 }, [...Object.values(columns), ...marks])
  }
  return changes.length
}

function withoutMark(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('slipway_key_')))
}
