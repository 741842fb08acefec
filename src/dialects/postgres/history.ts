/** The history table's SQL. Addressed by its schema everywhere, read without any lock. */
import { SlipwayError } from '../../errors.ts'
import type { HistoryRow, HistoryState } from '../../plan/migration.ts'
import { shellWord } from '../../plan/shell.ts'
import type { LogRecord } from '../amendment.ts'
import type { FailureRecord, HistorySnapshot, Row } from '../dialect.ts'
import { toLogRecord } from '../log-record.ts'
import { explain } from './errors.ts'
import { type HistoryCandidate, instant, type ServerFacts, toDate } from './facts.ts'
import { findHistories, historyColumns } from './history-columns.ts'
import type { Link } from './link.ts'
import { type HistoryNames, literal, nameHistory, nameLog } from './naming.ts'
import { asReader } from './privileges.ts'
import { nameReader, type Reader, readAs } from './read-as.ts'

const logColumns = [
  'id',
  'at',
  'event',
  'name',
  'checksum',
  'statements_done',
  'duration_ms',
  'applied_by',
  'runner_version',
  'run_id',
  'error',
] as const

export interface FoundTables {
  readonly history: HistoryCandidate | undefined
  readonly log: HistoryCandidate | undefined
}

/** Those of ours that exist. Throws foreign-history. */
export function findTables({ tables }: ServerFacts, names: HistoryNames): FoundTables {
  const own = tables.filter(({ schema }) => schema === names.schema)
  const found = {
    history: own.find(({ name }) => name === names.table),
    log: own.find(({ name }) => name === nameLog(names.table)),
  }
  if (found.history !== undefined) checkShape(found.history, historyColumns)
  if (found.log !== undefined) checkShape(found.log, logColumns)
  return found
}

/** Refuses another tool's table, by the columns it has. */
function checkShape(candidate: HistoryCandidate, wanted: readonly string[]): void {
  if (wanted.every((column) => candidate.columns.includes(column))) return
  throw new SlipwayError(
    'foreign-history',
    `the table ${candidate.schema}.${candidate.name} exists but is not slipway's: it has the columns ${candidate.columns.join(', ')}${guessTool(candidate.columns)}`,
  )
}

function guessTool(found: readonly string[]): string {
  const shape = [...found].sort().join(',')
  if (shape === 'version') return ' (as dbmate and Rails make it)'
  if (shape === 'dirty,version') return ' (as golang-migrate makes it)'
  return ''
}

/**
 * Reads the history, or finds that there is none. Refuses a foreign table, and an empty history while another schema
 * of the same database holds one that is not: applying everything a second time would be the result.
 */
export async function readLocatedHistory(
  link: Link,
  facts: ServerFacts,
  names: HistoryNames,
  reader: Reader & { readonly isSchemaChosen: boolean },
): Promise<HistorySnapshot> {
  const own = findTables(facts, names).history
  if (own !== undefined) {
    const snapshot = await readHistory(link, names, reader)
    if (snapshot.rows.length > 0) return snapshot
  }
  if (!reader.isSchemaChosen) await refuseHistoryElsewhere(link, facts, { names, reader })
  return { exists: own !== undefined, rows: [] }
}

async function refuseHistoryElsewhere(
  link: Link,
  facts: ServerFacts,
  { names, reader }: { readonly names: HistoryNames; readonly reader: Reader },
): Promise<void> {
  for (const table of findHistories(facts, names)) {
    if (table.schema === names.schema) continue
    const other = nameHistory(table.schema, names.table)
    if (await isEmpty(link, other, reader)) continue
    throw new SlipwayError(
      'history-elsewhere',
      `${names.shown} is empty or absent, but ${other.shown} in the same database holds a history; running now would apply everything again`,
      {
        hint: `SLIPWAY_SCHEMA=${shellWord(table.schema)} slipway status, or SLIPWAY_SCHEMA=${shellWord(names.schema)} if a second history is meant`,
      },
    )
  }
}

async function isEmpty(link: Link, names: HistoryNames, reader: Reader): Promise<boolean> {
  try {
    const rows = await readAs(link, reader, `select 1 as one from ${names.history} limit 1`)
    return rows.length === 0
  } catch (error) {
    // A neighbour's table that we may not read is not ours.
    if (explain(error).kind === 'privilege') return true
    throw error
  }
}

async function readHistory(link: Link, names: HistoryNames, reader: Reader): Promise<HistorySnapshot> {
  const rows = await asReader(names, nameReader(reader), () =>
    readAs(
      link,
      reader,
      `select id, name, checksum, ${instant('applied_at')} as applied_at, duration_ms, applied_by, runner_version, run_id, state, statements_done, breaking
from ${names.history}
order by id`,
    ),
  )
  return { exists: true, rows: rows.map(toHistoryRow) }
}

function toHistoryRow(row: Row): HistoryRow {
  return {
    id: Number(row.id),
    name: String(row.name),
    checksum: String(row.checksum),
    appliedAt: toDate(row.applied_at) ?? new Date(0),
    durationMs: Number(row.duration_ms),
    appliedBy: String(row.applied_by),
    runnerVersion: String(row.runner_version),
    runId: String(row.run_id),
    state: row.state as HistoryState,
    statementsDone: Number(row.statements_done),
    breaking: row.breaking === true,
  }
}

export async function readSource(
  link: Link,
  names: HistoryNames,
  reader: Reader,
  name: string,
): Promise<string | undefined> {
  const [row] = await readAs(
    link,
    reader,
    `select source from ${names.history} where name = ${literal(name)}`,
  )
  return row === undefined ? undefined : String(row.source)
}

export async function readFailures(
  link: Link,
  names: HistoryNames,
  reader: Reader,
  since: Date,
): Promise<FailureRecord[]> {
  const rows = await asReader(names, nameReader(reader), () =>
    readAs(
      link,
      reader,
      `select name, checksum, run_id, ${instant('at')} as at, error
from ${names.log}
where event = 'failure' and at >= ${literal(since.toISOString())}::timestamptz
order by id`,
    ),
  )
  return rows.map((row) => ({
    name: String(row.name),
    checksum: String(row.checksum),
    runId: String(row.run_id),
    at: toDate(row.at) ?? new Date(0),
    error: String(row.error ?? ''),
  }))
}

export async function readLog(link: Link, names: HistoryNames, reader: Reader): Promise<LogRecord[]> {
  const rows = await asReader(names, nameReader(reader), () =>
    readAs(
      link,
      reader,
      `select id, ${instant('at')} as at, event, name, checksum, statements_done, duration_ms, applied_by, runner_version, run_id, error
from ${names.log}
order by id`,
    ),
  )
  return rows.map((row) => toLogRecord(row, toDate(row.at) ?? new Date(0)))
}
