/** See Reverting in ../reverting.ts. */
import { existsSync } from 'node:fs'
import { parseName, quoteSqliteId } from '../../sql/quote.ts'
import { createSqliteNames, findSqliteLosses } from '../../sql/sqlite-losses.ts'
import type { Executor } from '../dialect.ts'
import type { BackupContext, Content, CopyPlace, InventoryTable, Reverting } from '../reverting.ts'
import { sqliteBackups } from './backup.ts'

export const sqliteReverting: Reverting = {
  backups: sqliteBackups,
  copyInto,
  createNames: createSqliteNames,
  findLosses: async (statements, names) =>
    findSqliteLosses(
      statements.map(({ text }) => text),
      names,
    ),
  takeInventory,
  async findTable(_, tables, name) {
    const wanted = parseName(name).name.toLowerCase()
    return tables.find((table) => table.name.toLowerCase() === wanted)?.id
  },
  look,
}

/** Of a file that is not there the copy is not there either: `up` would make it. */
async function copyInto(context: BackupContext, { openEmpty }: CopyPlace): Promise<void> {
  const [{ url }, to] = [context, await openEmpty()]
  if (url.dialect !== 'sqlite' || to.dialect !== 'sqlite') throw new TypeError('not a SQLite URL')
  if (url.path === ':memory:' || existsSync(url.path)) await sqliteBackups.write(context, to.path)
}

/**
 * The page where a table begins stays the same when it gets another name, but a new table may begin where a dropped one
 * did: so rows are counted. The tables that a virtual one keeps its own data in have as many as it likes.
 */
async function takeInventory(executor: Executor): Promise<InventoryTable[]> {
  const tables = await executor.query(
    `select list.name, coalesce(entry.rootpage, 0) as page
     from pragma_table_list as list join main.sqlite_schema as entry on entry.name = list.name and entry.type = 'table'
     where list.schema = 'main' and list.type in ('table', 'virtual') and list.name not like 'sqlite\\_%' escape '\\'`,
    [],
  )
  const inventory: InventoryTable[] = []
  for (const { name: text, page } of tables) {
    const name = String(text)
    const columns = await executor.query(`select cid, name from pragma_table_xinfo(?, 'main')`, [name])
    const rows = await countRows(executor, name)
    inventory.push({
      id: Number(page) === 0 ? `virtual ${name}` : String(page),
      name,
      ...(rows === undefined ? {} : { rows }),
      columns: columns.map((column) => ({ id: String(column.cid), name: String(column.name) })),
    })
  }
  return inventory
}

/** Undefined for a virtual table whose module is not here. */
async function countRows(executor: Executor, name: string): Promise<number | undefined> {
  const [row] = await executor
    .query(`select count(*) as rows from main.${quoteSqliteId(name)}`, [])
    .catch(() => [])
  return row === undefined ? undefined : Number(row.rows)
}

/** The transaction holds the write lock. A column keeps no id: what is in it is told by its extremes and its length. */
async function look(
  executor: Executor,
  { name }: InventoryTable,
  column: string | undefined,
): Promise<Content> {
  const from = `from main.${quoteSqliteId(name)}`
  if (column === undefined) {
    const [row] = await executor.query(`select count(*) as rows ${from}`, [])
    return { rows: Number(row?.rows) }
  }
  const id = quoteSqliteId(column)
  const [row] = await executor.query(
    `select count(${id}) as rows, quote(min(${id})) as low, quote(max(${id})) as high,
     total(length(cast(${id} as blob))) as size ${from}`,
    [],
  )
  const { rows, low, high, size } = row ?? {}
  return { rows: Number(rows), print: [rows, low, high, size].join(' ') }
}
