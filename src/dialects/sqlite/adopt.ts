/** Another tool's table: how it is read, and how the history takes its place in one transaction. */
import { hash } from 'node:crypto'
import { SlipwayError } from '../../errors.ts'
import { quoteSqliteId } from '../../sql/quote.ts'
import type { Adoption, ForeignSnapshot, ForeignTable, WantsTable } from '../adoption.ts'
import { amend } from './amend.ts'
import { type Handle, runStatement } from './driver.ts'
import { createHistory, type HistoryTables } from './history.ts'
import { writeLog } from './history-rows.ts'

export function readForeign(handle: Handle, tables: HistoryTables, wants: WantsTable): ForeignSnapshot {
  const found = runStatement(
    handle,
    "select name, type from sqlite_schema where name not glob 'sqlite_*' order by name",
  )
  const names = found.filter(({ type }) => type === 'table').map(({ name }) => String(name))
  return {
    tables: names.flatMap((name) => {
      const columns = columnsOf(handle, name)
      return wants({ name: name.toLowerCase(), columns }) ? [readTable(handle, name, columns)] : []
    }),
    historySchema: 'main',
    historyTable: tables.name,
    taken: found.map(({ name }) => String(name)),
  }
}

function columnsOf(handle: Handle, table: string): string[] {
  return runStatement(handle, 'select name from pragma_table_info(?) order by cid', [table]).map(({ name }) =>
    String(name),
  )
}

function readTable(handle: Handle, name: string, columns: readonly string[]): ForeignTable {
  const rows = runStatement(handle, `select * from main.${quoteSqliteId(name)}`).map((row) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([column, value]) =>
        value === null ? [] : [[column.toLowerCase(), String(value)]],
      ),
    ),
  )
  return {
    schema: 'main',
    name,
    columns,
    rows,
    mark: hash(
      'sha256',
      rows
        .map((row) => JSON.stringify(row))
        .sort()
        .join(),
    ),
  }
}

/** See Session.adoptHistory. In a write transaction. */
export function adoptHistory(handle: Handle, tables: HistoryTables, adoption: Adoption): void {
  const { source, moveTo } = adoption
  if (readTable(handle, source.name, source.columns).mark !== source.mark)
    throw new SlipwayError(
      'transient',
      `${source.name} changed between the look and the lock; nothing was recorded`,
      {
        hint: 'see that the other tool is not running, then look again: slipway adopt --dry-run',
      },
    )
  if (moveTo !== undefined)
    runStatement(handle, `alter table main.${quoteSqliteId(source.name)} rename to ${quoteSqliteId(moveTo)}`)
  createHistory(handle, tables)
  for (const amendment of adoption.amendments) amend(handle, tables, amendment)
  writeLog(handle, tables, adoption.record, { event: 'adopt', error: adoption.detail })
  adoption.beforeCommit()
}
