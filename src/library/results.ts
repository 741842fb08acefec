/** What the verbs of a migrator resolve to, besides what the reading ones share with the command line. */
import type { RunProgress } from '../errors.ts'
import type { RunOutcome } from '../events.ts'
import type { VerifyResult } from '../reporters/results.ts'

/** What a run did. */
export interface RunResult extends RunProgress {
  /** As in history. */
  readonly runId: string
  /** Milliseconds, the wait for the database and the lock included. */
  readonly durationMs: number
}

/** What `verify` found. */
export interface Verification extends VerifyResult {
  /** Whether there is no refusal. */
  readonly ok: boolean
}

/** What `stamp` recorded. */
export interface StampResult extends RunResult {
  /** Nothing was recorded: `applied` and `skipped` say what would be. */
  readonly dryRun: boolean
}

/** What `down` reverted. */
export interface DownResult extends RunResult {
  /** Names, in the order in which they went; with `dryRun`, those that would go. */
  readonly reverted: readonly string[]
  /** Path of the backup that was taken. */
  readonly backup: string | undefined
  /** Nothing was reverted. */
  readonly dryRun: boolean
}

export function toResult({ runId, durationMs, applied, skipped, pending, ahead }: RunOutcome): RunResult {
  return { runId, durationMs, applied, skipped, pending, ahead }
}
