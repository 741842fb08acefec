/** The schema as SQLite keeps it: the texts of sqlite_schema; https://www.sqlite.org/schematab.html */
import { type Handle, runStatement } from './driver.ts'
import type { HistoryTables } from './history.ts'
import { progressName } from './progress-table.ts'

/**
 * See Session.dumpSchema. By kind and then by name, so that equal schemas give equal texts: indexes and triggers need
 * their tables, a view is not looked into before it is read. What SQLite makes by itself is left out: tables behind virtual
 * ones, the indexes of constraints, `sqlite_sequence`.
 */
export function dumpSchema(handle: Handle, { name: history, logName }: HistoryTables): string {
  const own = new Set([history, logName, progressName(history)].map((name) => name.toLowerCase()))
  const rows = runStatement(
    handle,
    `select type, tbl_name as owner, sql from main.sqlite_schema
     where sql is not null and name not like 'sqlite\\_%' escape '\\'
       and name not in (select name from pragma_table_list where schema = 'main' and type = 'shadow')
     order by sql like 'create virtual%',
       case type when 'table' then 1 when 'index' then 2 when 'view' then 3 else 4 end, name collate binary`,
  )
  return rows
    .filter(({ owner }) => !own.has(String(owner).toLowerCase()))
    .map(({ sql }) => terminate(String(sql)))
    .join('\n')
}

/** A comment at the end would take the semicolon with it. */
function terminate(text: string): string {
  return `${text}${/--[^\n]*$/.test(text) ? '\n' : ''};\n`
}
