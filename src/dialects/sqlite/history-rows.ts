/** What is read from the history tables and written to them. Every function runs inside its caller's transaction. */
import { digestMigrations, type HistoryDigest } from '../../plan/digest.ts'
import type { HistoryRow, HistoryState } from '../../plan/migration.ts'
import type { LogRecord } from '../amendment.ts'
import type { FailureRecord, Row, StepRecord } from '../dialect.ts'
import { toLogRecord } from '../log-record.ts'
import { type Handle, runStatement } from './driver.ts'
import type { HistoryTables } from './history.ts'
import { toSqliteValues } from './values.ts'

export type LogEvent = 'up' | 'failure' | 'skip' | 'start' | 'resume' | 'stamp' | 'repair' | 'unlock'

/** Written as `applied_at` and `at`: ISO-8601 in UTC with milliseconds, which sorts as text. */
function timestamp(): string {
  return new Date().toISOString()
}

/** All rows in order of `id`, without the sources. */
export function readRows(handle: Handle, tables: HistoryTables): HistoryRow[] {
  return runStatement(
    handle,
    `select id, name, checksum, applied_at, duration_ms, applied_by, runner_version, run_id, state, statements_done, breaking
     from ${tables.history}
     order by id`,
  ).map(toHistoryRow)
}

/** See digestMigrations in plan/digest.ts. */
export function readDigest(handle: Handle, tables: HistoryTables): HistoryDigest {
  const rows = runStatement(handle, `select name, checksum, state from ${tables.history}`)
  return digestMigrations(
    rows.map(({ name, checksum, state }) => {
      const isDone = state === 'applied' || state === 'skipped'
      return { name: String(name), checksum: isDone ? String(checksum) : `${checksum} ${state}` }
    }),
  )
}

export function readSource(handle: Handle, tables: HistoryTables, name: string): string | undefined {
  const row = runStatement(handle, `select source from ${tables.history} where name = ?`, [name])[0]
  return row === undefined ? undefined : String(row.source)
}

export function readState(handle: Handle, tables: HistoryTables, name: string): HistoryState | undefined {
  const row = runStatement(handle, `select state from ${tables.history} where name = ?`, [name])[0]
  return row === undefined ? undefined : toState(row.state)
}

export function readFailures(handle: Handle, tables: HistoryTables, since: Date): FailureRecord[] {
  return runStatement(
    handle,
    `select name, checksum, run_id, at, error
     from ${tables.log}
     where event = 'failure' and at >= ?
     order by id`,
    [since.toISOString()],
  ).map((row) => ({
    name: String(row.name),
    checksum: String(row.checksum),
    runId: String(row.run_id),
    at: new Date(String(row.at)),
    error: String(row.error ?? ''),
  }))
}

export function readLog(handle: Handle, tables: HistoryTables): LogRecord[] {
  return runStatement(
    handle,
    `select id, at, event, name, checksum, statements_done, duration_ms, applied_by, runner_version, run_id, error
     from ${tables.log}
     order by id`,
  ).map((row) => toLogRecord(row, new Date(String(row.at))))
}

export interface Outcome {
  readonly state: HistoryState
  readonly durationMs: number
  readonly statementsDone: number
}

/** Inserts the row, or brings the one of an interrupted attempt up to date; `id` stays what it was. */
export function writeRow(handle: Handle, tables: HistoryTables, record: StepRecord, outcome: Outcome): void {
  send(
    handle,
    `insert into ${tables.history}
       (name, checksum, applied_at, duration_ms, applied_by, runner_version, run_id, state, statements_done, breaking, source)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (name) do update set
       checksum = excluded.checksum, applied_at = excluded.applied_at, duration_ms = excluded.duration_ms,
       applied_by = excluded.applied_by, runner_version = excluded.runner_version, run_id = excluded.run_id,
       state = excluded.state, statements_done = excluded.statements_done, breaking = excluded.breaking,
       source = excluded.source`,
    [
      record.name,
      record.checksum,
      timestamp(),
      Math.round(outcome.durationMs),
      record.appliedBy,
      record.runnerVersion,
      record.runId,
      outcome.state,
      outcome.statementsDone,
      record.breaking,
      record.source,
    ],
  )
}

/** Says that the first `statementsDone` statements of a non-transactional migration are done. */
export function writeProgress(
  handle: Handle,
  tables: HistoryTables,
  name: string,
  statementsDone: number,
): void {
  send(handle, `update ${tables.history} set statements_done = ? where name = ?`, [statementsDone, name])
}

export interface LogEntry {
  readonly event: LogEvent
  readonly durationMs?: number
  readonly statementsDone?: number | undefined
  readonly error?: string
}

export function writeLog(handle: Handle, tables: HistoryTables, record: StepRecord, entry: LogEntry): void {
  send(
    handle,
    `insert into ${tables.log}
       (at, run_id, event, name, checksum, statements_done, duration_ms, applied_by, runner_version, error)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      timestamp(),
      record.runId,
      entry.event,
      record.name,
      record.checksum,
      entry.statementsDone ?? null,
      entry.durationMs === undefined ? null : Math.round(entry.durationMs),
      record.appliedBy,
      record.runnerVersion,
      entry.error ?? null,
    ],
  )
}

function send(handle: Handle, text: string, values: readonly unknown[]): void {
  runStatement(handle, text, toSqliteValues(values))
}

function toHistoryRow(row: Row): HistoryRow {
  return {
    id: Number(row.id),
    name: String(row.name),
    checksum: String(row.checksum),
    appliedAt: new Date(String(row.applied_at)),
    durationMs: Number(row.duration_ms),
    appliedBy: String(row.applied_by),
    runnerVersion: String(row.runner_version),
    runId: String(row.run_id),
    state: toState(row.state),
    statementsDone: Number(row.statements_done),
    breaking: row.breaking === 1,
  }
}

/** A state this version does not know can only be one that a later version left unfinished. */
function toState(value: unknown): HistoryState {
  return value === 'applied' || value === 'skipped' ? value : 'started'
}
