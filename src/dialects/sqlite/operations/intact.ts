/** Views, triggers and foreign keys that work before a change must work after it. */
import { messageOf, SlipwayError } from '../../../errors.ts'
import { quoteSqliteId } from '../../../sql/quote.ts'
import { readMarks } from '../../../sql/sqlite-marks.ts'
import type { Executor } from '../../dialect.ts'

/** What does not work, each as a sentence of SQLite's. */
export async function listBroken(executor: Executor, table: string): Promise<readonly string[]> {
  return [
    ...(await probeSchema(executor)),
    ...(await listTriggerFaults(executor)),
    ...(await listMismatches(executor, table)),
  ]
}

/** Throws rebuild-failed for what `before` does not have. */
export async function refuseBroken(
  executor: Executor,
  table: string,
  before: readonly string[],
): Promise<void> {
  // The probe tells the first fault only, and of a schema that had one it tells nothing new.
  const hadFault = before.some((line) => line.startsWith('error in '))
  const found = (await listBroken(executor, table)).filter(
    (line) => !before.includes(line) && !(hadFault && line.startsWith('error in ')),
  )
  if (found.length > 0)
    throw new SlipwayError('rebuild-failed', `after the change of ${table}: ${found.join('; ')}`)
}

/** For a statement that has SQLite look at views and triggers by itself. */
export async function explainBroken<T>(table: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const message = messageOf(error)
    if (!message.startsWith('error in ')) throw error
    throw new SlipwayError('rebuild-failed', `after the change of ${table}: ${message}`, { cause: error })
  }
}

/**
 * Renaming a table has SQLite resolve every view of the schema and most of each trigger; see renameTestSchema in its alter.c. So a
 * table that nothing knows is renamed.
 */
async function probeSchema(executor: Executor): Promise<readonly string[]> {
  await executor.query('create table main._slipway_probe (a)', [])
  try {
    await executor.query('alter table main._slipway_probe rename to _slipway_probed', [])
    await executor.query('drop table main._slipway_probed', [])
    return []
  } catch (error) {
    await executor.query('drop table if exists main._slipway_probe', [])
    const message = messageOf(error)
    if (!message.startsWith('error in ')) throw error
    return [message]
  }
}

/** A trigger is compiled, columns that it sets included, with the statement that fires it; `explain` runs nothing. */
async function listTriggerFaults(executor: Executor): Promise<readonly string[]> {
  const triggers = await executor.query(
    "select tbl_name, sql from main.sqlite_schema where type = 'trigger' order by tbl_name",
    [],
  )
  const found = new Set<string>()
  for (const { tbl_name: table, sql } of triggers) {
    const statement = await firingStatement(executor, String(table), String(sql))
    try {
      if (statement !== undefined) await executor.query(`explain ${statement}`, [])
    } catch (error) {
      found.add(`changing ${table}: ${messageOf(error)}`)
    }
  }
  return [...found]
}

/** `create trigger t [before | after | instead of] insert | delete | update [of a, b] on …` */
async function firingStatement(executor: Executor, table: string, sql: string): Promise<string | undefined> {
  const words = readMarks(sql).filter(({ kind }) => kind === 'word')
  const event = words.find(({ text }) => ['insert', 'delete', 'update'].includes(text))?.text
  const target = `main.${quoteSqliteId(table)}`
  if (event === 'insert') return `insert into ${target} default values`
  if (event === 'delete') return `delete from ${target}`
  const columns = await executor.query("select name from pragma_table_xinfo(?, 'main') where hidden = 0", [
    table,
  ])
  // All of them: whatever `of` names is among them.
  const sets = columns.map(({ name }) => `${quoteSqliteId(String(name))} = ${quoteSqliteId(String(name))}`)
  return sets.length === 0 ? undefined : `update ${target} set ${sets.join(', ')}`
}

/** Foreign keys whose parent columns are not there or not unique; https://www.sqlite.org/foreignkeys.html#fk_indexes */
async function listMismatches(executor: Executor, table: string): Promise<readonly string[]> {
  const children = await executor.query(
    `select distinct child.name
     from main.sqlite_schema as child, pragma_foreign_key_list(child.name, 'main') as reference
     where child.type = 'table'
       and (reference."table" = ? collate nocase or child.name = ? collate nocase)`,
    [table, table],
  )
  const found: string[] = []
  for (const { name } of children) {
    try {
      await executor.query("select 1 from pragma_foreign_key_check(?, 'main') limit 1", [name])
    } catch (error) {
      const message = messageOf(error)
      if (!message.startsWith('foreign key mismatch')) throw error
      found.push(message)
    }
  }
  return found
}
