/** A batch whose changes a function of the migration works out. */
import { checkpoint } from '../../events.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Row, RowChange } from '../dialect.ts'
import { findChanges } from '../row-changes.ts'
import { addRange, addWhere, asText, type Backfill, markOf, orderOf, type Range } from './backfill.ts'
import { buildSql } from './sql-builder.ts'

/** Returns how many rows were changed. The rows are locked before the function sees them: nobody changes them meanwhile. */
export async function changeRows(backfill: Backfill, change: RowChange, range: Range): Promise<number> {
  const { place, request, table, key } = backfill
  const statement = buildSql().add(`select ${key.map(asText).join(', ')}, t.* from ${table.sql} as t where `)
  addRange(statement, key, range)
  addWhere(statement, request)
  statement.add(`\norder by ${orderOf(key, 'asc')}\nfor no key update`)
  request.say(statement.text)
  const found = await place.link.extended(statement.text, statement.values)
  if (found.length === 0) return 0
  const marks = found.map((row) => markOf(key, row))
  const names = key.map(({ name }) => name)
  const changes = await findChanges(found.map(withoutMark), change, names)
  const entries = changes.map(({ index, columns }) => ({ mark: marks[index] ?? [], columns }))
  // Rows that change the same columns go in one statement.
  const groups = Map.groupBy(entries, ({ columns }) => JSON.stringify(Object.keys(columns).sort()))
  for (const group of groups.values()) await writeGroup(backfill, group)
  return entries.length
}

interface Entry {
  readonly mark: readonly string[]
  readonly columns: Row
}

async function writeGroup(
  { place, request, table, key, attempt }: Backfill,
  group: readonly Entry[],
): Promise<void> {
  const names = Object.keys(group[0]?.columns ?? {})
  const rows = group.map(({ mark, columns }) => ({
    ...columns,
    ...Object.fromEntries(key.map(({ name }, index) => [name, mark[index]])),
  }))
  const columns = names.map((name) => quotePostgresId(name))
  const statement = buildSql()
    .add(`update ${table.sql} as t set ${columns.map((column) => `${column} = new.${column}`).join(', ')}`)
    .add('\nfrom pg_catalog.jsonb_populate_recordset(null::')
    .add(`${table.sql}, `)
    .bind(JSON.stringify(rows, toJson), 'pg_catalog.jsonb')
    .add(`) as new\nwhere ${key.map(({ sql }) => `t.${sql} = new.${sql}`).join(' and ')}`)
  request.say(statement.text)
  const answer = place.link.extended(statement.text, statement.values)
  answer.catch(() => {})
  checkpoint('statement-sent', attempt.record.name)
  await answer
}

/** What JSON has no form for, in the form that the column's type reads. */
function toJson(this: unknown, key: string, value: unknown): unknown {
  // JSON.stringify has made a text of a Date already, and of a Buffer an object.
  const original = (this as Record<string, unknown>)[key]
  if (original instanceof Uint8Array) return `\\x${Buffer.from(original).toString('hex')}`
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    return String(value)
  return value
}

function withoutMark(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('slipway_key_')))
}
