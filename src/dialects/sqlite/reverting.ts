/** See Reverting in ../reverting.ts. */
import { existsSync } from 'node:fs'
import { parseName, quoteSqliteId } from '../../sql/quote.ts'
import { createSqliteNames, findSqliteLosses } from '../../sql/sqlite-losses.ts'
import type { Executor, Row } from '../dialect.ts'
import type { BackupContext, Content, CopyPlace, InventoryTable, Look, Reverting } from '../reverting.ts'
import { sqliteBackups } from './backup.ts'
import { isColumnStored } from './count-losses.ts'
import { printFunction } from './driver.ts'

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

const virtual = 'virtual '

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
    const isVirtual = Number(page) === 0
    const read = (query: string, values: readonly unknown[]) => {
      const rows = executor.query(query, values)
      // Its module may not be here, or may fail: then nothing is known of it but its name.
      return isVirtual ? rows.catch(() => []) : rows
    }
    const columns = await read(
      `select cid, name from pragma_table_xinfo(?, 'main') where ${isColumnStored}`,
      [name],
    )
    const [counted] = await read(`select count(*) as rows from main.${quoteSqliteId(name)}`, [])
    inventory.push({
      id: isVirtual ? `${virtual}${name}` : String(page),
      name,
      ...(counted === undefined ? {} : { rows: Number(counted.rows) }),
      columns: columns.map((column) => ({ id: String(column.cid), name: String(column.name) })),
    })
  }
  return inventory
}

/** The transaction holds the write lock. A column keeps no id: what is in it is told by its values in the order of the key. */
async function look(executor: Executor, table: InventoryTable, what: Look): Promise<Content> {
  const column = 'column' in what ? what.column : 'count' in what ? what.count : undefined
  const id = column === undefined ? '*' : quoteSqliteId(column)
  const from = `from main.${quoteSqliteId(table.name)}`
  const read = async (query: string): Promise<Row | undefined> => {
    const rows = executor.query(query, [])
    return (await (table.id.startsWith(virtual) ? rows.catch(() => []) : rows))[0]
  }
  const counted = await read(`select count(${id}) as rows ${from}`)
  const rows = counted === undefined ? undefined : Number(counted.rows)
  if (!('column' in what) || rows === undefined || rows === 0) return { rows }
  const key = await keyOf(executor, table.name)
  // Not quote(): it ends at a NUL.
  const value = `case typeof(${id}) when 'real' then quote(${id}) else typeof(${id}) || hex(${id}) end as value`
  const printed = await read(
    `select ${printFunction}(value) as print from (select ${value} ${from} order by ${key})`,
  )
  return typeof printed?.print === 'string' ? { rows, print: printed.print } : { rows }
}

/** What the rows of a table are told apart by: their numbers, or the primary key where they have none. */
async function keyOf(executor: Executor, table: string): Promise<string> {
  const parts = await executor.query(
    `select info.name from pragma_table_list as list, pragma_table_xinfo(list.name, 'main') as info
     where list.schema = 'main' and list.name = ? and list.wr and info.pk > 0 order by info.pk`,
    [table],
  )
  return parts.length === 0 ? 'rowid' : parts.map(({ name }) => quoteSqliteId(String(name))).join(', ')
}
