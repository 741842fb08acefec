/** How far long work came: one row for each piece of it, written in the transactions that do the work. Every function runs in its caller's transaction. */
import { SlipwayError } from '../../errors.ts'
import { quoteSqliteId } from '../../sql/quote.ts'
import type { Attempt } from '../dialect.ts'
import { type Handle, runStatement } from './driver.ts'
import type { HistoryTables } from './history.ts'
import { type SqliteValue, toSqliteValues } from './values.ts'

/** A key's values, in the key's order. */
export type Mark = readonly SqliteValue[]

export interface Progress {
  /** Of the row in the history, below zero for its down: a migration that runs from its start again has another. */
  readonly migrationId: number
  readonly name: string
  readonly definition: string
  readonly last: Mark | undefined
  /** The last row there was when the work began; undefined: none. */
  readonly until: Mark | undefined
  readonly seen: number
  readonly changed: number
  readonly total: number
  readonly isDone: boolean
}

const columns = {
  migration_id: 'integer not null',
  name: 'text not null',
  definition: 'text not null',
  last_key: 'text',
  until_key: 'text',
  rows_seen: 'integer not null default 0',
  rows_changed: 'integer not null default 0',
  rows_total: 'integer',
  started_at: 'text not null',
  updated_at: 'text not null',
  finished_at: 'text',
} as const

/** `history` is the name of the history table. */
export function progressName(history: string): string {
  return `${history}_progress`
}

function tableOf({ name }: HistoryTables): string {
  return `main.${quoteSqliteId(progressName(name))}`
}

/** Throws history-broken for a table of that name that is not ours. */
export function ensureProgressTable(handle: Handle, tables: HistoryTables): void {
  const found = runStatement(handle, "select name from pragma_table_xinfo(?, 'main')", [
    progressName(tables.name),
  ])
  if (found.length === 0) {
    const lines = Object.entries(columns).map(([column, definition]) => `  ${column} ${definition},\n`)
    runStatement(
      handle,
      `create table ${tableOf(tables)} (\n${lines.join('')}  primary key (migration_id, name)\n)`,
    )
    return
  }
  const known = found.map(({ name }) => String(name).toLowerCase())
  const missing = Object.keys(columns).filter((column) => !known.includes(column))
  if (missing.length > 0)
    throw new SlipwayError(
      'history-broken',
      `the table ${tables.name}_progress is not slipway's: it lacks ${missing.join(', ')}`,
    )
}

type Step = Pick<Attempt, 'record' | 'reverts'>

/** Of the step that runs: its row is there, as started. The row of what is being reverted still names the run that applied it. */
export function readMigrationId(handle: Handle, tables: HistoryTables, { record, reverts }: Step): number {
  const [row] =
    reverts === undefined
      ? runStatement(
          handle,
          `select id from ${tables.history} where name = ? and run_id = ? and state = 'started'`,
          [record.name, record.runId],
        )
      : runStatement(
          handle,
          `select -id as id from ${tables.history} where id = ? and state = 'started' and statements_done < 0`,
          toSqliteValues([reverts]),
        )
  if (row === undefined) throw new Error(`the row of this migration in ${tables.name} is gone`)
  return Number(row.id)
}

export function readProgress(
  handle: Handle,
  tables: HistoryTables,
  { migrationId, name }: Pick<Progress, 'migrationId' | 'name'>,
): Progress | undefined {
  const [row] = runStatement(
    handle,
    `select * from ${tableOf(tables)} where migration_id = ? and name = ?`,
    toSqliteValues([migrationId, name]),
  )
  if (row === undefined) return undefined
  return {
    migrationId,
    name,
    definition: String(row.definition),
    last: parseMark(row.last_key),
    until: parseMark(row.until_key),
    seen: Number(row.rows_seen),
    changed: Number(row.rows_changed),
    total: Number(row.rows_total),
    isDone: row.finished_at !== null,
  }
}

/** Anew, and again where a migration goes on with another definition under a name of its own. */
export function insertProgress(handle: Handle, tables: HistoryTables, progress: Progress): void {
  const now = new Date().toISOString()
  runStatement(
    handle,
    `insert into ${tableOf(tables)}
       (migration_id, name, definition, until_key, rows_total, started_at, updated_at, finished_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (migration_id, name) do update set
       definition = excluded.definition, until_key = excluded.until_key, rows_total = excluded.rows_total,
       updated_at = excluded.updated_at, finished_at = excluded.finished_at`,
    toSqliteValues([
      progress.migrationId,
      progress.name,
      progress.definition,
      writeMark(progress.until),
      progress.total,
      now,
      now,
      progress.isDone ? now : null,
    ]),
  )
}

/** With a batch; the row of the step moves as well, which is how runners that wait see that this one gets on. */
export function updateProgress(
  handle: Handle,
  tables: HistoryTables,
  { step, progress }: { readonly step: Step; readonly progress: Progress },
): void {
  const now = new Date().toISOString()
  const { record, reverts } = step
  // What counts down is being reverted: one too many would make it an up.
  const moved =
    reverts === undefined
      ? runStatement(
          handle,
          `update ${tables.history} set statements_done = statements_done + 1
           where id = ? and run_id = ? and state = 'started' returning 1`,
          toSqliteValues([progress.migrationId, record.runId]),
        )
      : runStatement(
          handle,
          `update ${tables.history} set statements_done = statements_done - 1
           where id = ? and state = 'started' and statements_done < 0 returning 1`,
          toSqliteValues([reverts]),
        )
  if (moved.length !== 1) throw new Error(`the row of this migration in ${tables.name} is gone`)
  runStatement(
    handle,
    `update ${tableOf(tables)}
     set last_key = ?, rows_seen = ?, rows_changed = ?, updated_at = ?, finished_at = ?
     where migration_id = ? and name = ?`,
    toSqliteValues([
      writeMark(progress.last),
      progress.seen,
      progress.changed,
      now,
      progress.isDone ? now : null,
      progress.migrationId,
      progress.name,
    ]),
  )
}

/** What the down of a migration did does not count any more: it is declared applied, and the next down begins at its start. */
export function forgetReverting(handle: Handle, tables: HistoryTables, name: string): void {
  const found = runStatement(handle, "select 1 from pragma_table_xinfo(?, 'main') limit 1", [
    progressName(tables.name),
  ])
  if (found.length > 0)
    runStatement(
      handle,
      `delete from ${tableOf(tables)} where migration_id = (select -id from ${tables.history} where name = ?)`,
      [name],
    )
}

/** Any value of SQLite in JSON, which has neither 64-bit integers nor bytes. */
function writeMark(mark: Mark | undefined): string | null {
  if (mark === undefined) return null
  const forms = mark.map((value) => {
    if (typeof value === 'bigint') return { integer: String(value) }
    return value instanceof Uint8Array ? { blob: Buffer.from(value).toString('hex') } : value
  })
  return JSON.stringify(forms)
}

function parseMark(value: unknown): Mark | undefined {
  if (typeof value !== 'string') return undefined
  const forms = JSON.parse(value) as readonly (number | string | null | { integer?: string; blob?: string })[]
  return forms.map((form) => {
    if (typeof form !== 'object' || form === null) return form
    return form.integer === undefined ? Buffer.from(form.blob ?? '', 'hex') : BigInt(form.integer)
  })
}
