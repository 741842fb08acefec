/** The statements that write history: the row of a migration as it moves from started to applied, and the log. */
import type { Amendment } from '../amendment.ts'
import type { StepRecord } from '../dialect.ts'
import { type HistoryNames, literal } from './naming.ts'

export const recordColumns = 'name, checksum, applied_by, runner_version, run_id'

/** Each field as an SQL expression: a literal, or the parameter of a prepared statement. */
export type SpelledRecord = Readonly<Record<keyof StepRecord, string>>

export function spell(record: StepRecord): SpelledRecord {
  return {
    name: literal(record.name),
    checksum: literal(record.checksum),
    source: literal(record.source),
    breaking: String(record.breaking),
    appliedBy: literal(record.appliedBy),
    runnerVersion: literal(record.runnerVersion),
    runId: literal(record.runId),
  }
}

export function recordValues(record: SpelledRecord): string {
  return [record.name, record.checksum, record.appliedBy, record.runnerVersion, record.runId].join(', ')
}

/** The row as it stands while the step runs: a transaction that ends too early leaves it `started`, never `applied`. */
export function insertStarted(names: HistoryNames, record: StepRecord): string {
  return writeStarted(names, spell(record))
}

export function writeStarted(names: HistoryNames, record: SpelledRecord): string {
  return `insert into ${names.history} (${recordColumns}, state, breaking, source)
values (${recordValues(record)}, 'started', ${record.breaking}, ${record.source})`
}

/** A row for what was not run, or not by us. */
export function insertDone(
  names: HistoryNames,
  record: StepRecord,
  state: 'applied' | 'skipped',
  appliedAt?: Date,
): string {
  const at = appliedAt === undefined ? 'default' : `${literal(appliedAt.toISOString())}::timestamptz`
  return `insert into ${names.history} (${recordColumns}, state, breaking, source, applied_at)
values (${recordValues(spell(record))}, ${literal(state)}, ${record.breaking}, ${literal(record.source)}, ${at})`
}

/** What an interrupted step says of itself when it is taken up again, maybe with an edited tail. */
export function updateStarted(names: HistoryNames, record: StepRecord): string {
  return `update ${names.history}
set checksum = ${literal(record.checksum)}, source = ${literal(record.source)}, breaking = ${record.breaking},
  applied_by = ${literal(record.appliedBy)}, runner_version = ${literal(record.runnerVersion)}, run_id = ${literal(record.runId)}
where name = ${literal(record.name)} and state = 'started'`
}

/** `since` is an SQL expression for the instant the work began. Changes one row, or the step is not ours any more. */
export function markApplied(names: HistoryNames, record: StepRecord, since: string): string {
  return writeApplied(names, spell(record), since)
}

export function writeApplied(
  names: HistoryNames,
  record: Pick<SpelledRecord, 'name' | 'runId'>,
  since: string,
): string {
  return `${setApplied(names, record, since)}\nreturning name`
}

export function setApplied(
  names: HistoryNames,
  { name, runId }: Pick<SpelledRecord, 'name' | 'runId'>,
  since: string,
): string {
  return `update ${names.history}
set state = 'applied',
  duration_ms = pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - ${since})::numeric * 1000),
  applied_at = pg_catalog.clock_timestamp()
where name = ${name} and run_id = ${runId} and state = 'started'`
}

export function markStatementsDone(names: HistoryNames, record: StepRecord, done: number): string {
  return `update ${names.history}
set statements_done = ${done}
where name = ${literal(record.name)} and run_id = ${literal(record.runId)} and state = 'started'`
}

export type LogEvent =
  | 'up'
  | 'start'
  | 'resume'
  | 'skip'
  | 'failure'
  | 'stamp'
  | 'repair'
  | 'adopt'
  | 'unlock'

export function insertLog(
  names: HistoryNames,
  event: LogEvent,
  record: StepRecord,
  facts: { readonly error?: string; readonly statementsDone?: number | undefined } = {},
): string {
  if (event === 'up') return writeLogUp(names, spell(record))
  return `insert into ${names.log} (${recordColumns}, event, statements_done, error)
values (${recordValues(spell(record))}, ${literal(event)}, ${facts.statementsDone ?? 'null'}, ${facts.error === undefined ? 'null' : literal(facts.error)})`
}

/** The row is there; it tells the duration. */
export function writeLogUp(names: HistoryNames, record: SpelledRecord): string {
  return `insert into ${names.log} (${recordColumns}, event, duration_ms)
values (${recordValues(record)}, 'up', (select duration_ms from ${names.history} where name = ${record.name}))`
}

/** One change of history and its line in the log. */
export function amend(names: HistoryNames, amendment: Amendment): string {
  const { kind, record, detail } = amendment
  const event = kind === 'stamp' ? 'stamp' : 'repair'
  return `${changeRow(names, amendment)};\n${insertLog(names, event, record, { error: detail })}`
}

function changeRow(names: HistoryNames, amendment: Amendment): string {
  const { record } = amendment
  switch (amendment.kind) {
    case 'stamp':
      return insertDone(names, record, amendment.state, amendment.appliedAt)
    case 'accept':
      return `update ${names.history}
set checksum = ${literal(record.checksum)}, source = ${literal(record.source)}, breaking = ${record.breaking}
where name = ${literal(record.name)} and state <> 'started'`
    case 'finish':
      return `${updateStarted(names, record)};
update ${names.history}
set state = 'applied', applied_at = pg_catalog.clock_timestamp()
where name = ${literal(record.name)} and state = 'started'`
    case 'restore':
      return `${forgetReverting(names, record.name)};
update ${names.history}
set state = 'applied', statements_done = 0
where name = ${literal(record.name)} and state = 'started' and statements_done < 0`
    case 'forget':
      return `delete from ${names.history} where name = ${literal(record.name)}`
  }
}

/** What the down did does not count any more: the next one begins at its start. Not every database has that table. */
function forgetReverting(names: HistoryNames, name: string): string {
  return `do ${literal(`begin
if pg_catalog.to_regclass(${literal(names.progress)}) is not null then
  delete from ${names.progress} where migration_id = (select -id from ${names.history} where name = ${literal(name)});
end if;
end`)}`
}
