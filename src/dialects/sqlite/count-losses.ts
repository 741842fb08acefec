/** How much is in what a down would take away. Inside the caller's transaction. */
import { parseName, quoteSqliteId } from '../../sql/quote.ts'
import { showSqliteId } from '../../sql/sqlite-names.ts'
import type { CountedLoss, Loss } from '../reverting.ts'
import { type Handle, openMemory, runStatement } from './driver.ts'

/** What is not found is missing, and cannot be counted. */
export function countLosses(handle: Handle, losses: readonly Loss[]): CountedLoss[] {
  return losses.flatMap((loss) => countLoss(handle, loss))
}

function countLoss(handle: Handle, loss: Loss): CountedLoss[] {
  switch (loss.kind) {
    case 'opaque':
      return [{ kind: 'opaque', what: loss.what, rows: undefined, isEstimate: false }]
    case 'schema':
      return []
    case 'column':
      return countColumn(handle, loss.table, loss.column)
    case 'rebuild':
      return countRebuild(handle, loss.table, loss.create)
    default:
      return columnsOf(handle, loss.table).length === 0
        ? missing(loss.kind, loss.table)
        : [{ kind: loss.kind, what: loss.table, ...rowsOf(handle, loss.table, '*') }]
  }
}

function missing(kind: CountedLoss['kind'], what: string): CountedLoss[] {
  return [{ kind, what, rows: undefined, isEstimate: false, isMissing: true }]
}

/** Those that the new table does not have. A definition that says nothing of itself, such as `as select`, may lose any. */
function countRebuild(handle: Handle, table: string, create: string): CountedLoss[] {
  const kept = columnsMadeBy(create)
  if (kept === undefined)
    return [
      { kind: 'opaque', what: `${table} is made anew from a query`, rows: undefined, isEstimate: false },
    ]
  return columnsOf(handle, table)
    .filter((column) => !kept.some((name) => name.toLowerCase() === column.toLowerCase()))
    .flatMap((column) => countColumn(handle, table, column))
}

function columnsMadeBy(create: string): string[] | undefined {
  const memory = openMemory()
  try {
    memory.exec(create)
    return runStatement(
      memory,
      `select c.name from sqlite_schema as t, pragma_table_xinfo(t.name) as c where t.type = 'table'`,
    ).map(({ name }) => String(name))
  } catch {
    return undefined
  } finally {
    memory.close()
  }
}

function countColumn(handle: Handle, table: string, name: string): CountedLoss[] {
  const column = columnsOf(handle, table).find((each) => each.toLowerCase() === name.toLowerCase())
  if (column === undefined) return missing('column', `${table}.${showSqliteId(name)}`)
  const what = `${table}.${showSqliteId(column)}`
  return [{ kind: 'column', what, ...rowsOf(handle, table, quoteSqliteId(column)) }]
}

function columnsOf(handle: Handle, table: string): string[] {
  return runStatement(handle, `select name from pragma_table_xinfo(?, 'main')`, [parseName(table).name]).map(
    ({ name }) => String(name),
  )
}

function rowsOf(handle: Handle, table: string, what: string): Pick<CountedLoss, 'rows' | 'isEstimate'> {
  const [row] = runStatement(
    handle,
    `select count(${what}) as rows from main.${quoteSqliteId(parseName(table).name)}`,
  )
  return { rows: Number(row?.rows), isEstimate: false }
}
