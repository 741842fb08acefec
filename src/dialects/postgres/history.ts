/** The history table's SQL. Addressed by its schema everywhere, read without any lock. */
import { SlipwayError } from '../../errors.ts'
import type { HistoryRow, HistoryState } from '../../plan/migration.ts'
import type { FailureRecord, HistorySnapshot, Row } from '../dialect.ts'
import { explain } from './errors.ts'
import { type HistoryCandidate, instant, readOnly, type ServerFacts, toDate } from './facts.ts'
import { historyColumns } from './history-columns.ts'
import type { Link } from './link.ts'
import { type HistoryNames, literal, nameHistory, nameLog } from './naming.ts'
import { asReader } from './privileges.ts'

const logColumns = ['at', 'event', 'name', 'checksum', 'run_id', 'error'] as const

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
  isSchemaChosen: boolean,
): Promise<HistorySnapshot> {
  const own = findTables(facts, names).history
  if (own !== undefined) {
    const snapshot = await readHistory(link, names, facts.user)
    if (snapshot.rows.length > 0) return snapshot
  }
  if (!isSchemaChosen) await refuseHistoryElsewhere(link, facts, names)
  return { exists: own !== undefined, rows: [] }
}

async function refuseHistoryElsewhere(link: Link, facts: ServerFacts, names: HistoryNames): Promise<void> {
  for (const table of facts.tables) {
    if (table.schema === names.schema || table.name !== names.table) continue
    if (historyColumns.some((column) => !table.columns.includes(column))) continue
    const other = nameHistory(table.schema, names.table)
    if (await isEmpty(link, other)) continue
    throw new SlipwayError(
      'history-elsewhere',
      `${names.shown} is empty or absent, but ${other.shown} in the same database holds a history; running now would apply everything again`,
      {
        hint: `SLIPWAY_SCHEMA=${table.schema} slipway status, or SLIPWAY_SCHEMA=${names.schema} if a second history is meant`,
      },
    )
  }
}

async function isEmpty(link: Link, names: HistoryNames): Promise<boolean> {
  try {
    const rows = await readOnly(link, `select 1 as one from ${names.history} limit 1`)
    return rows.length === 0
  } catch (error) {
    // A neighbour's table that we may not read is not ours.
    if (explain(error).kind === 'privilege') return true
    throw error
  }
}

async function readHistory(link: Link, names: HistoryNames, role: string): Promise<HistorySnapshot> {
  const rows = await asReader(names, role, () =>
    readOnly(
      link,
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

export async function readSource(link: Link, names: HistoryNames, name: string): Promise<string | undefined> {
  const [row] = await readOnly(link, `select source from ${names.history} where name = ${literal(name)}`)
  return row === undefined ? undefined : String(row.source)
}

export async function readFailures(
  link: Link,
  names: HistoryNames,
  role: string,
  since: Date,
): Promise<FailureRecord[]> {
  const rows = await asReader(names, role, () =>
    readOnly(
      link,
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
