/** How far long work came: one row for each piece of it, written in the transactions that do the work. */
import { SlipwayError } from '../../errors.ts'
import type { Attempt } from '../dialect.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'
import { type HistoryNames, literal, nameProgress, requireWholeName } from './naming.ts'
import { commitOwn, withOwnTransaction } from './own-transaction.ts'
import { asCreator } from './privileges.ts'
import type { Workplace } from './workplace.ts'

/** Texts of a key's values, in the key's order. */
export type Mark = readonly string[]

export interface Progress {
  /** Of the row in the history, below zero for its down: a migration that runs from its start again has another. */
  readonly migrationId: string
  readonly name: string
  readonly definition: string
  readonly last: Mark | undefined
  /** The last row there was when the work began; undefined: none. */
  readonly until: Mark | undefined
  readonly seen: number
  readonly changed: number
  readonly total: number | undefined
  readonly isDone: boolean
}

const columns = {
  migration_id: 'bigint not null',
  name: 'text not null',
  definition: 'text not null',
  last_key: 'jsonb',
  until_key: 'jsonb',
  rows_seen: 'bigint not null default 0',
  rows_changed: 'bigint not null default 0',
  rows_total: 'bigint',
  started_at: 'timestamptz not null default pg_catalog.clock_timestamp()',
  updated_at: 'timestamptz not null default pg_catalog.clock_timestamp()',
  finished_at: 'timestamptz',
} as const

/** Made by the first backfill there is, under the run lock. Throws privilege-missing, history-broken. */
export async function ensureProgressTable(place: Workplace): Promise<void> {
  const { link, names } = place
  const table = nameProgress(names.table)
  requireWholeName(table, 'SLIPWAY_TABLE')
  const found = await readOnly(
    link,
    `select a.attname as name
from pg_catalog.pg_attribute a
where a.attrelid = pg_catalog.to_regclass(${literal(names.progress)}) and a.attnum > 0 and not a.attisdropped`,
  )
  if (found.length === 0) return await createProgressTable(place)
  const known = found.map(({ name }) => name)
  const missing = Object.keys(columns).filter((column) => !known.includes(column))
  if (missing.length > 0)
    throw new SlipwayError(
      'history-broken',
      `the table ${names.schema}.${table} is not slipway's: it lacks ${missing.join(', ')}`,
    )
}

async function createProgressTable(place: Workplace): Promise<void> {
  const { names, role } = place
  const table = names.progress
  const lines = Object.entries(columns).map(([column, definition]) => `  ${column} ${definition},\n`)
  const create = `create table ${table} (\n${lines.join('')}  primary key (migration_id, name)\n);
comment on table ${table} is 'How far the backfills of slipway came'`
  const timeouts = { ddlLockTimeoutMs: 0, statementTimeoutMs: 0 }
  await asCreator(names, { role, database: '', isSchemaThere: true }, () =>
    withOwnTransaction(place, timeouts, () => commitOwn(place, create)),
  )
}

/** Of the step that runs: its row is there, as started. The row of what is being reverted still names the run that applied it. */
export async function readMigrationId(
  link: Link,
  names: HistoryNames,
  { record, reverts }: Pick<Attempt, 'record' | 'reverts'>,
): Promise<string> {
  const [id, which] =
    reverts === undefined
      ? ['id', `name = ${literal(record.name)} and run_id = ${literal(record.runId)}`]
      : ['-id', `id = ${reverts} and statements_done < 0`]
  const [row] = await readOnly(
    link,
    `select (${id})::text as id from ${names.history} where ${which} and state = 'started'`,
  )
  if (row === undefined) throw new Error(`the row of this migration in ${names.shown} is gone`)
  return String(row.id)
}

export async function readProgress(
  link: Link,
  names: HistoryNames,
  { migrationId, name }: Pick<Progress, 'migrationId' | 'name'>,
): Promise<Progress | undefined> {
  const [row] = await readOnly(
    link,
    `select definition, last_key, until_key, rows_seen, rows_changed, rows_total, finished_at is not null as done
from ${names.progress}
where migration_id = ${migrationId} and name = ${literal(name)}`,
  )
  if (row === undefined) return undefined
  return {
    migrationId,
    name,
    definition: String(row.definition),
    last: toMark(row.last_key),
    until: toMark(row.until_key),
    seen: Number(row.rows_seen),
    changed: Number(row.rows_changed),
    total: row.rows_total === null ? undefined : Number(row.rows_total),
    isDone: row.done === true,
  }
}

function toMark(value: unknown): Mark | undefined {
  return Array.isArray(value) ? value.map(String) : undefined
}

/** Anew, and again where a migration goes on with another definition under a name of its own. */
export function insertProgress(names: HistoryNames, progress: Progress): string {
  return `insert into ${names.progress} (migration_id, name, definition, until_key, rows_total, finished_at)
values (${progress.migrationId}, ${literal(progress.name)}, ${literal(progress.definition)}, ${writeMark(progress.until)}, ${progress.total ?? 'null'}, ${finishedAt(progress)})
on conflict (migration_id, name) do update
set definition = excluded.definition, until_key = excluded.until_key, rows_total = excluded.rows_total,
  updated_at = pg_catalog.clock_timestamp(), finished_at = excluded.finished_at`
}

/** With a batch; the row of the step moves as well, which is how runners that wait see that this one gets on. */
export function updateProgress(
  names: HistoryNames,
  { record, reverts }: Pick<Attempt, 'record' | 'reverts'>,
  progress: Progress,
): string {
  // What counts down is being reverted: one too many would make it an up.
  const [move, which] =
    reverts === undefined
      ? ['+ 1', `id = ${progress.migrationId} and run_id = ${literal(record.runId)}`]
      : ['- 1', `id = ${reverts} and statements_done < 0`]
  return `update ${names.history}
set statements_done = statements_done ${move}
where ${which} and state = 'started'
returning 1 as one;
update ${names.progress}
set last_key = ${writeMark(progress.last)}, rows_seen = ${progress.seen}, rows_changed = ${progress.changed},
  updated_at = pg_catalog.clock_timestamp(), finished_at = ${finishedAt(progress)}
where migration_id = ${progress.migrationId} and name = ${literal(progress.name)}`
}

function writeMark(mark: Mark | undefined): string {
  return mark === undefined ? 'null' : `${literal(JSON.stringify(mark))}::pg_catalog.jsonb`
}

function finishedAt({ isDone }: Progress): string {
  return isDone ? 'pg_catalog.clock_timestamp()' : 'null'
}
