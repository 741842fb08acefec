/**
 * What a run tells: one closed union. The engine emits; reporters, the termination message and a library's caller
 * only listen. No event holds a secret.
 */
import { channel } from 'node:diagnostics_channel'
import type { SlipwayError } from './errors.ts'

/** Who holds the run lock, as far as the database tells. Every field may be unknown. */
export interface LockHolder {
  readonly pid?: number
  readonly applicationName?: string
  readonly clientAddress?: string
  /** When its session began. */
  readonly since?: Date
  readonly state?: string
  /** When it came into that state. */
  readonly stateSince?: Date
  readonly statement?: string
}

/** `resume`: it was begun before and did not finish. `skip`: it is for another kind of database, and recorded as such. */
export type StepAction = 'apply' | 'resume' | 'skip' | 'revert'

/** `stamp` records, `accept` takes over an edited file, the others resolve what did not finish or is gone. */
export type AmendAction = 'stamp' | 'accept' | 'finish' | 'restore' | 'forget'

/** One migration of a plan. */
export interface PlannedStep {
  readonly name: string
  readonly action: StepAction
  readonly transaction: boolean
  readonly checksum?: string
}

/** What happens during a run, in its order; `type` tells which. Times are milliseconds. */
export type RunEvent =
  | { type: 'run-started'; runId: string; verb: string; database: string; dir: string }
  /** One line per change of state while the database does not answer, not one per try. */
  | { type: 'waiting-for-database'; reason: string; elapsedMs: number; timeoutMs: number }
  /**
   * `encryption` is `TLSv1.3`, or `none` where the network may see what is sent; absent within one machine. `host` is
   * the one of several that was reached.
   */
  | {
      type: 'connected'
      dialect: string
      serverVersion: string
      waitedMs: number
      host?: string
      encryption?: string
    }
  | { type: 'waiting-for-lock'; holder: LockHolder | undefined; elapsedMs: number; timeoutMs: number }
  | { type: 'lock-acquired'; waitedMs: number }
  | { type: 'warning'; code: string; message: string; migration?: string }
  | { type: 'notice'; code: string; message: string; migration?: string }
  | {
      type: 'planned'
      steps: readonly PlannedStep[]
      applied: number
      ahead: readonly string[]
      /** All steps commit at once, or none does. */
      together?: boolean
    }
  | {
      type: 'step-started'
      name: string
      action: StepAction
      index: number
      total: number
      statements?: number
    }
  /** `index` counts from 1 here and in the step events: it is for people. */
  | { type: 'statement-finished'; name: string; index: number; total: number; durationMs: number }
  /** Only with SLIPWAY_ECHO. No bound value and no password is in it; `durationMs` is missing where nothing was measured. */
  | { type: 'statement-echo'; name: string; text: string; durationMs?: number; failed: boolean }
  /** The whole transaction was rolled back and will be tried again. */
  | {
      type: 'step-retrying'
      name: string
      attempt: number
      sqlstate: string
      reason: string
      blockers: readonly LockHolder[]
      delayMs: number
    }
  | {
      type: 'step-finished'
      name: string
      action: StepAction
      index: number
      total: number
      durationMs: number
    }
  | { type: 'step-failed'; name: string; error: SlipwayError; durationMs: number }
  /**
   * How far long work within a step has come: of a backfill after each batch, so that listeners choose how often they
   * tell of it. `total` of a table that was not counted is the server's estimate.
   */
  | {
      type: 'progress'
      name: string
      /** `backfill of public.users`, `index users_email_idx`. */
      work: string
      unit: 'rows' | 'blocks' | 'lockers'
      done: number
      total?: number
      /** Of the unit, each second. */
      rate?: number
      etaMs?: number
      /** What it does at this moment, if that has a name: `waiting for replicas`. */
      phase?: string
      /** The last one about this work. */
      finished: boolean
    }
  /** A change of history that ran nothing. */
  | { type: 'history-amended'; name: string; action: AmendAction; detail: string }
  /** log() calls made by a migration. */
  | { type: 'migration-log'; name: string; message: string; data?: unknown }
  | { type: 'cleanup-failed'; what: string; message: string }
  /** `command` is what runs: words, a text for the shell, or `a function`. `migration`: of a hook around one. */
  | { type: 'hook-started'; hook: string; command: string; migration?: string }
  /** One line that it printed, without secrets. */
  | { type: 'hook-output'; hook: string; stream: 'stdout' | 'stderr'; line: string; migration?: string }
  | { type: 'hook-finished'; hook: string; durationMs: number; failed: boolean; migration?: string }
  | { type: 'stopping'; signal: string }
  | { type: 'run-finished'; outcome: RunOutcome }

/** How a run ended. `applied`, `skipped`, `pending` and `ahead` are names. */
export interface RunOutcome {
  readonly runId: string
  readonly verb: string
  readonly exitCode: number
  readonly applied: readonly string[]
  readonly skipped: readonly string[]
  /** By `down`, in the order in which they went. */
  readonly reverted?: readonly string[]
  readonly pending: readonly string[]
  readonly ahead: readonly string[]
  readonly durationMs: number
  readonly error?: SlipwayError
}

/** Called with every event. */
export type Listener = (event: RunEvent) => void

/**
 * Instants at which a crash is interesting, in the order of a run. They are published on the diagnostics channel
 * `slipway:checkpoint` as `{ point, migration }`, synchronously; without a subscriber that costs nothing.
 */
export const checkpoints = [
  'locked',
  'history-ready',
  'intent-written',
  'statement-sent',
  'statement-done',
  'foreign-keys-off',
  'rebuild-step',
  'last-statement-done',
  'history-row-written',
  'commit-sent',
  'committed',
  'between-migrations',
  'before-unlock',
  'folder-changed',
] as const
export type Checkpoint = (typeof checkpoints)[number]

const checkpointChannel = channel('slipway:checkpoint')

export function checkpoint(point: Checkpoint, migration?: string): void {
  if (checkpointChannel.hasSubscribers) checkpointChannel.publish({ point, migration })
}
