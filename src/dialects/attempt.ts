/** One try at one migration: what a session is asked to do. */
import type { ParsedStatement } from '../sql/statement.ts'
import type { Checks, Executor } from './dialect.ts'
import type { LongWork } from './long-work.ts'
import type { OpenOperations } from './operations.ts'

/** What goes into a history row besides what the database fills in. */
export interface StepRecord {
  readonly name: string
  readonly checksum: string
  readonly source: string
  readonly breaking: boolean
  readonly appliedBy: string
  readonly runnerVersion: string
  readonly runId: string
}

export interface SqlBody {
  readonly kind: 'sql'
  readonly statements: readonly ParsedStatement[]
}

export interface CodeBody {
  readonly kind: 'code'
  readonly run: RunCode
  /** What it will send, where that is known beforehand. */
  readonly statements?: readonly ParsedStatement[]
}

export type StepBody = SqlBody | CodeBody

/** What a migration's function is run by; everything it is given ends with it. `long` is there outside a transaction only. */
export type RunCode = (
  executor: Executor,
  checks: Checks,
  operations: OpenOperations,
  long?: LongWork,
) => Promise<void>

export interface Attempt {
  readonly record: StepRecord
  /** The body is a down: `id` of the history row that goes with it, where `up` would write one. */
  readonly reverts?: number | undefined
  readonly body: StepBody
  readonly ddlLockTimeoutMs: number
  /** 0: none. */
  readonly statementTimeoutMs: number
  /** Called as each statement of a `sql` body is known to be done; `index` is 0-based in the body. */
  readonly onStatement: (index: number, durationMs: number) => void
  readonly onNotice: (message: string) => void
  readonly signal: AbortSignal
  /**
   * What applyInTransaction will be asked for next if this one succeeds and nothing else happens. It may be sent early;
   * it must not be committed, nor told of, before it is asked for.
   */
  readonly next?: () => Attempt | undefined
}

export interface StepwiseAttempt extends Attempt {
  /** Statements of the body that are already done; the intent row exists when `resume` is true. */
  readonly resume: boolean
  readonly statementsDone: number
  /** The interrupted attempt ended with an error from the server, not with silence. */
  readonly failedBefore: boolean
}
