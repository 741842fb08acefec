/**
 * Changes a table in ways that `alter table` cannot: a new table with the edited text takes the old one's rows, name
 * and all that hangs on it. The procedure is SQLite's own, https://www.sqlite.org/lang_altertable.html#otheralter;
 * its first two steps and its last three (enforcement, transaction, foreign keys) are of what encloses the operation.
 */

import { SlipwayError } from '../../../errors.ts'
import { checkpoint } from '../../../events.ts'
import { quoteSqliteId } from '../../../sql/quote.ts'
import { readSqliteTable, type TableText } from '../../../sql/sqlite-table.ts'
import { applyEdits, type Edit, renameIn } from '../../../sql/sqlite-table-edit.ts'
import type { Executor, Row } from '../../dialect.ts'
import type { Ground } from './ground.ts'
import { listBroken, refuseBroken } from './intact.ts'
import type { StoredTable } from './stored.ts'

export interface Rebuild {
  readonly table: StoredTable
  /** Each edits the outcome of the one before; undefined: nothing to do. */
  readonly edits: readonly ((table: TableText) => readonly Edit[] | undefined)[]
  /** Where a column's values come from, if not from itself: an expression over the old row. */
  readonly values?: ReadonlyMap<string, string>
  /** Indexes that go with what the edit removes. */
  readonly without?: readonly string[]
}

export async function rebuildTable(ground: Ground, rebuild: Rebuild): Promise<void> {
  const { table } = rebuild
  const sql = editText(table, rebuild)
  ground.requireShield('an operation rebuilds a table')
  const { executor } = ground
  const passed = () => checkpoint('rebuild-step', ground.name)
  const run = async (text: string, values: readonly unknown[] = []) => await executor.query(text, values)
  const broken = await listBroken(executor, table.name)
  const kept = await readKept(executor, table, rebuild.without ?? [])
  passed()
  const fresh = await freeName(executor)
  await run(renamed(sql, fresh))
  passed()
  await run(await copyText(executor, { ...rebuild, fresh }))
  await requireAllRows(executor, table.name, fresh)
  await carrySequence(executor, table.name, fresh)
  passed()
  await run(`drop table main.${quoteSqliteId(table.name)}`)
  passed()
  await renameBack(executor, fresh, table.name)
  passed()
  for (const text of kept.texts) await run(text)
  passed()
  await restoreStatistics(executor, table.name, kept)
  passed()
  await requireCount(executor, table.name, kept.rows)
  await refuseBroken(executor, table.name, broken)
  passed()
}

function editText({ name, sql }: StoredTable, { edits }: Rebuild): string {
  return edits.reduce((text, edit) => {
    const table = readSqliteTable(text)
    if (table === undefined)
      throw new SlipwayError('rebuild-failed', `the definition of ${name} cannot be read`)
    return applyEdits(text, edit(table) ?? [])
  }, sql)
}

function renamed(sql: string, name: string): string {
  const table = readSqliteTable(sql)
  return table === undefined ? sql : applyEdits(sql, [renameIn(table, name)])
}

interface Kept {
  /** Of its indexes and triggers, in the order in which they were made. */
  readonly texts: readonly string[]
  readonly rows: unknown
  readonly statistics: readonly Row[]
  readonly samples: readonly Row[]
  readonly indexes: readonly string[]
}

async function readKept(
  executor: Executor,
  { name }: StoredTable,
  without: readonly string[],
): Promise<Kept> {
  const objects = await executor.query(
    `select name, sql
     from main.sqlite_schema
     where tbl_name = ? collate nocase and type in ('index', 'trigger') and sql is not null
     order by rowid`,
    [name],
  )
  const gone = new Set(without.map((index) => index.toLowerCase()))
  return {
    texts: objects.filter((row) => !gone.has(String(row.name).toLowerCase())).map((row) => String(row.sql)),
    rows: await countRows(executor, name),
    statistics: await readIfThere(executor, 'sqlite_stat1', 'tbl', name),
    samples: await readIfThere(executor, 'sqlite_stat4', 'tbl', name),
    indexes: await listIndexes(executor, name),
  }
}

/** `sqlite_sequence` exists with the first autoincrement, `sqlite_stat1` and perhaps `sqlite_stat4` with the first `analyze`. */
async function readIfThere(executor: Executor, table: string, key: string, name: string): Promise<Row[]> {
  const [there] = await executor.query('select 1 from main.sqlite_schema where name = ?', [table])
  if (there === undefined) return []
  return await executor.query(`select * from main.${table} where ${key} = ? collate nocase`, [name])
}

async function freeName(executor: Executor): Promise<string> {
  for (let n = 1; ; n++) {
    const name = `_slipway_new_${n}`
    const taken = await executor.query('select 1 from main.sqlite_schema where name = ?', [name])
    if (taken.length === 0) return name
  }
}

/** Generated columns are computed anew; a rowid that is no column of the table stays what it was. */
async function copyText(
  executor: Executor,
  { table, fresh, values }: Rebuild & { readonly fresh: string },
): Promise<string> {
  const columnsOf = async (name: string) =>
    (await executor.query("select name, hidden from pragma_table_xinfo(?, 'main')", [name])).map((row) => ({
      name: String(row.name),
      isStored: row.hidden === 0,
    }))
  const [before, after] = [await columnsOf(table.name), await columnsOf(fresh)]
  const known = new Map(before.map(({ name }) => [name.toLowerCase(), name]))
  const targets = after.filter(
    ({ name, isStored }) => isStored && (known.has(name.toLowerCase()) || values?.has(name.toLowerCase())),
  )
  const used = new Set([...before, ...after].map(({ name }) => name.toLowerCase()))
  const rowid = table.hasRowid
    ? ['rowid', '_rowid_', 'oid'].filter((alias) => !used.has(alias)).slice(0, 1)
    : []
  const into = [...rowid, ...targets.map(({ name }) => quoteSqliteId(name))]
  const from = [
    ...rowid,
    ...targets.map(({ name }) => values?.get(name.toLowerCase()) ?? quoteSqliteId(name)),
  ]
  return `insert into main.${quoteSqliteId(fresh)} (${into.join(', ')})
select ${from.join(', ')}
from main.${quoteSqliteId(table.name)}`
}

/**
 * The highest number that the old table ever gave, for the new one to go on from: dropping forgets it, renaming keeps
 * it. Told in SQL alone, so that it is right wherever the statements are run.
 */
async function carrySequence(executor: Executor, old: string, fresh: string): Promise<void> {
  const [there] = await executor.query("select 1 from main.sqlite_schema where name = 'sqlite_sequence'", [])
  if (there === undefined) return
  await executor.query('delete from main.sqlite_sequence where name = ?', [fresh])
  await executor.query(
    `insert into main.sqlite_sequence (name, seq)
select ?, seq from main.sqlite_sequence where name = ? collate nocase`,
    [fresh, old],
  )
}

async function requireAllRows(executor: Executor, old: string, fresh: string): Promise<void> {
  await requireCount(executor, fresh, await countRows(executor, old))
}

async function requireCount(executor: Executor, table: string, wanted: unknown): Promise<void> {
  const found = await countRows(executor, table)
  if (found !== wanted)
    throw new SlipwayError('rebuild-failed', `of ${wanted} rows the rebuilt table would hold ${found}`)
}

async function countRows(executor: Executor, table: string): Promise<unknown> {
  const [row] = await executor.query(`select count(*) as rows from main.${quoteSqliteId(table)}`, [])
  return row?.rows
}

/**
 * Legacy renaming leaves the text of views, of triggers and of other tables' foreign keys alone: they mean the name,
 * which is there again. https://www.sqlite.org/pragma.html#pragma_legacy_alter_table
 */
async function renameBack(executor: Executor, fresh: string, name: string): Promise<void> {
  const [before] = await executor.query('pragma legacy_alter_table', [])
  await executor.query('pragma legacy_alter_table = on', [])
  try {
    await executor.query(`alter table main.${quoteSqliteId(fresh)} rename to ${quoteSqliteId(name)}`, [])
  } finally {
    if (before?.legacy_alter_table !== 1) await executor.query('pragma legacy_alter_table = off', [])
  }
}

/** Dropping the old table forgot what `analyze` knew of it. */
async function restoreStatistics(executor: Executor, name: string, kept: Kept): Promise<void> {
  const indexes = await listIndexes(executor, name)
  const automatic = (names: readonly string[]) => names.filter(isAutomatic).length
  // Their numbers are places in the text: with another one, the name stands for another index.
  const sameNumbers = automatic(indexes) === automatic(kept.indexes)
  const isMeant = ({ idx }: Row) =>
    idx === null || (indexes.includes(String(idx)) && (sameNumbers || !isAutomatic(String(idx))))
  for (const row of kept.statistics.filter(isMeant)) await insertRow(executor, 'sqlite_stat1', row)
  for (const row of kept.samples.filter(isMeant)) await insertRow(executor, 'sqlite_stat4', row)
}

async function insertRow(executor: Executor, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row)
  await executor.query(
    `insert into main.${table} (${columns.map(quoteSqliteId).join(', ')}) values (${columns.map(() => '?').join(', ')})`,
    Object.values(row),
  )
}

async function listIndexes(executor: Executor, name: string): Promise<readonly string[]> {
  const rows = await executor.query("select name from pragma_index_list(?, 'main')", [name])
  return rows.map((row) => String(row.name))
}

function isAutomatic(index: string): boolean {
  return index.startsWith('sqlite_autoindex_')
}
