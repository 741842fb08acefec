/** What `down` writes to history: the row says that it is being reverted, then it goes; and the lines of the log. */
import { countReverted } from '../../plan/reverting.ts'
import type { StepRecord } from '../dialect.ts'
import { type HistoryNames, literal } from './naming.ts'

/** Changes one row, or it is not there any more as it was planned. */
export function markReverting(names: HistoryNames, id: number, done: number): string {
  return `update ${names.history}
set state = 'started', statements_done = ${countReverted(done)}
where id = ${id} and (state in ('applied', 'skipped') or statements_done < 0)`
}

/** A right that only the end needs is asked for at the beginning. */
export function requireDelete(names: HistoryNames): string {
  return `delete from ${names.history} where false`
}

export function removeReverted(names: HistoryNames, id: number): string {
  return `delete from ${names.history}
where id = ${id} and state = 'started' and statements_done < 0
returning name`
}

export interface RevertFacts {
  /** `revert`: begun or taken up again outside a transaction. */
  readonly event: 'down' | 'revert'
  readonly statementsDone?: number
  /** Milliseconds, as an SQL expression. */
  readonly duration?: string
}

export function logRevert(names: HistoryNames, record: StepRecord, facts: RevertFacts): string {
  const { name, checksum, appliedBy, runnerVersion, runId } = record
  const values = [name, checksum, appliedBy, runnerVersion, runId, facts.event].map(literal).join(', ')
  return `insert into ${names.log} (name, checksum, applied_by, runner_version, run_id, event, statements_done, duration_ms)
values (${values}, ${facts.statementsDone ?? 'null'}, ${facts.duration ?? 'null'})`
}
