/** What history is told of besides steps: changes that run nothing, and what its log says of all that was done. */
import type { StepRecord } from './dialect.ts'

/** One line of the log table: what was done, by whom, and how it ended. */
export interface LogRecord {
  readonly id: number
  readonly at: Date
  /** `up`, `start`, `resume`, `skip`, `down`, `revert`, `failure`, `stamp`, `repair`, `unlock`; a later version may know more. */
  readonly event: string
  /** Empty where the event is about no migration. */
  readonly name: string
  readonly checksum: string
  readonly statementsDone: number | undefined
  readonly durationMs: number | undefined
  readonly appliedBy: string
  readonly runnerVersion: string
  readonly runId: string
  /** Of a failure its error; of a stamp, a repair or an unlock what exactly was done. */
  readonly detail: string | undefined
}

/** A change of history that runs nothing. `detail` goes to the log. */
export type Amendment =
  /** A row for a migration that has none. */
  | {
      readonly kind: 'stamp'
      readonly record: StepRecord
      readonly state: 'applied' | 'skipped'
      readonly detail: string
    }
  /** The row of an applied migration takes over checksum, source and `breaking`. */
  | { readonly kind: 'accept'; readonly record: StepRecord; readonly detail: string }
  /** A `started` row becomes `applied`, with all that the record says. */
  | { readonly kind: 'finish'; readonly record: StepRecord; readonly detail: string }
  /** A row that is being reverted is `applied` again. */
  | { readonly kind: 'restore'; readonly record: StepRecord; readonly detail: string }
  /** The row is removed. */
  | { readonly kind: 'forget'; readonly record: StepRecord; readonly detail: string }
