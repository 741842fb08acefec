/** See Reverting in ../reverting.ts. */
import { existsSync } from 'node:fs'
import { quoteSqliteId } from '../../sql/quote.ts'
import { findSqliteLosses } from '../../sql/sqlite-losses.ts'
import type { Executor } from '../dialect.ts'
import type { BackupContext, CopyPlace, InventoryTable, Reverting } from '../reverting.ts'
import { sqliteBackups } from './backup.ts'

export const sqliteReverting: Reverting = {
  backups: sqliteBackups,
  copyInto,
  findLosses: async (statements) => findSqliteLosses(statements.map(({ text }) => text)),
  takeInventory,
}

/** Of a file that is not there the copy is not there either: `up` would make it. */
async function copyInto(context: BackupContext, { openEmpty }: CopyPlace): Promise<void> {
  const [{ url }, to] = [context, await openEmpty()]
  if (url.dialect !== 'sqlite' || to.dialect !== 'sqlite') throw new TypeError('not a SQLite URL')
  if (url.path === ':memory:' || existsSync(url.path)) await sqliteBackups.write(context, to.path)
}

/** The page where a table begins stays the same when it gets another name. */
async function takeInventory(executor: Executor): Promise<InventoryTable[]> {
  const tables = await executor.query(
    `select name, rootpage from main.sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'`,
    [],
  )
  const inventory: InventoryTable[] = []
  for (const { name: text, rootpage } of tables) {
    const name = String(text)
    const columns = await executor.query(`select cid, name from pragma_table_xinfo(?, 'main')`, [name])
    const first = await executor
      .query(`select 1 as one from main.${quoteSqliteId(name)} limit 1`, [])
      .catch(() => [{}])
    inventory.push({
      id: String(rootpage),
      name,
      holds: first.length > 0,
      columns: columns.map((column) => ({ id: String(column.cid), name: String(column.name) })),
    })
  }
  return inventory
}
