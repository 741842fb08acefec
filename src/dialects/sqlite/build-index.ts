/** An index on SQLite: whoever writes waits for it, so there is one way to build it. */
import { quoteSqliteId } from '../../sql/quote.ts'
import type { IndexRequest } from '../dialect.ts'
import { assertSameDefinition } from './definition.ts'
import { findSchemaEntry } from './lookup.ts'
import { requireTable } from './own-table.ts'
import type { BusyOptions } from './poll.ts'
import { sendStatement } from './send.ts'
import type { StepwiseRun } from './stepwise-run.ts'
import { withWriteTransaction } from './write-transaction.ts'

export async function buildIndex(
  run: StepwiseRun,
  busy: BusyOptions,
  request: IndexRequest,
): Promise<'created' | 'exists'> {
  const { table, executor } = await requireTable(run, request.table)
  const schema = quoteSqliteId(table.schema)
  const existing = await findSchemaEntry(executor, 'index', `${schema}.${quoteSqliteId(request.name)}`)
  if (existing !== undefined) {
    assertSameDefinition('index', request.name, existing.sql, definitionOf(request, table.name))
    return 'exists'
  }
  const text = definitionOf(request, table.name, `${schema}.`)
  request.say(text)
  await withWriteTransaction(run.handle, busy, () => sendStatement(run.handle, { text, sentAt: 0 }))
  return 'created'
}

/** Neither access methods nor included columns: SQLite has none. */
function definitionOf(request: IndexRequest, table: string, schema = ''): string {
  const columns = request.columns.map((column) =>
    typeof column === 'string' ? quoteSqliteId(column) : column.expression,
  )
  const where = request.where === undefined ? '' : ` where ${request.where}`
  return `create ${request.unique ? 'unique ' : ''}index ${schema}${quoteSqliteId(request.name)} on ${quoteSqliteId(table)} (${columns.join(', ')}\n)${where}`
}
