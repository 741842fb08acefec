/** What this process's own run has told so far, as data: for the page, for metrics, and for whether we are ready. */
import { isSlipwayError, type SlipwayError } from '../errors.ts'
import type { LockHolder, RunEvent, RunOutcome, StepAction } from '../events.ts'

export type Phase =
  | 'starting'
  | 'waiting-for-database'
  | 'waiting-for-lock'
  | 'migrating'
  | 'succeeded'
  | 'failed'
  /** By a signal. */
  | 'stopped'

export type ProgressEvent = Extract<RunEvent, { type: 'progress' }>

export interface StepRecord {
  readonly name: string
  readonly action: StepAction
  state: 'waiting' | 'running' | 'retrying' | 'done' | 'failed'
  startedAt?: Date
  durationMs?: number
  statements?: { readonly done: number; readonly total: number }
  progress?: ProgressEvent
  /** Why it begins again. */
  retry?: { readonly attempt: number; readonly reason: string; readonly blockers: readonly LockHolder[] }
}

export interface RunRecord {
  phase: Phase
  runId?: string
  readonly startedAt: Date
  finishedAt?: Date
  /** What is waited for now. */
  waiting?: { readonly reason: string; readonly holder?: LockHolder | undefined; readonly since: Date }
  /** From when it got it; behind a pooler it may let go of it in between. */
  hadLock: boolean
  appliedBefore?: number
  ahead: readonly string[]
  steps: StepRecord[]
  databaseWaitMs: number
  lockWaitMs: number
  retries: number
  /** Migrations, of all tenants. */
  failed: number
  /** Migrations by the tenants that have ended: each counts for itself. */
  appliedByTenants: number
  warnings: { readonly code: string; readonly message: string }[]
  outcome?: RunOutcome
  error?: SlipwayError
}

export function startRecord(now: Date): RunRecord {
  return {
    phase: 'starting',
    startedAt: now,
    hadLock: false,
    ahead: [],
    steps: [],
    databaseWaitMs: 0,
    lockWaitMs: 0,
    retries: 0,
    failed: 0,
    appliedByTenants: 0,
    warnings: [],
  }
}

export function hasEnded({ phase }: RunRecord): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'stopped'
}

/** Adds what an event tells. */
export function recordEvent(record: RunRecord, event: RunEvent, now: Date): void {
  if (event.type === 'step-retrying') record.retries += 1
  if (event.type === 'step-failed') record.failed += 1
  if (event.tenant !== undefined) {
    // How far one of many is says nothing of the whole, which has an end of its own.
    if (event.type === 'run-finished') record.appliedByTenants += event.outcome.applied.length
    return
  }
  switch (event.type) {
    case 'run-started':
      record.runId = event.runId
      return
    case 'waiting-for-database':
      record.phase = 'waiting-for-database'
      record.waiting = { reason: event.reason, since: record.waiting?.since ?? now }
      return
    case 'connected':
      record.databaseWaitMs += event.waitedMs
      moveOn(record)
      return
    case 'waiting-for-lock':
      record.phase = 'waiting-for-lock'
      record.waiting = {
        reason: 'another runner holds the run lock',
        holder: event.holder,
        since: record.waiting?.since ?? now,
      }
      return
    case 'lock-acquired':
      record.lockWaitMs += event.waitedMs
      record.hadLock = true
      moveOn(record)
      return
    case 'planned':
      moveOn(record)
      record.appliedBefore = event.applied
      record.ahead = event.ahead
      record.steps = event.steps.map(({ name, action }) => ({ name, action, state: 'waiting' }))
      return
    case 'warning':
      record.warnings.push({ code: event.code, message: event.message })
      return
    case 'run-finished':
      finish(record, event.outcome, now)
      return
    default:
      if ('name' in event) recordStep(record, event, now)
  }
}

function moveOn(record: RunRecord): void {
  record.phase = 'migrating'
  delete record.waiting
}

function recordStep(record: RunRecord, event: RunEvent & { readonly name: string }, now: Date): void {
  const step = record.steps.find(({ name }) => name === event.name)
  if (step === undefined) return
  switch (event.type) {
    case 'step-started':
      step.state = 'running'
      step.startedAt ??= now
      if (event.statements !== undefined) step.statements = { done: 0, total: event.statements }
      return
    case 'statement-finished':
      step.state = 'running'
      step.statements = { done: event.index, total: event.total }
      return
    case 'progress':
      step.progress = event
      return
    case 'step-retrying':
      step.state = 'retrying'
      step.retry = { attempt: event.attempt, reason: event.reason, blockers: event.blockers }
      return
    case 'step-finished':
      step.state = 'done'
      step.durationMs = event.durationMs
      delete step.progress
      delete step.retry
      return
    case 'step-failed':
      step.state = 'failed'
      step.durationMs = event.durationMs
      return
    default:
      return
  }
}

function finish(record: RunRecord, outcome: RunOutcome, now: Date): void {
  delete record.waiting
  record.outcome = outcome
  record.finishedAt = now
  record.phase = outcome.exitCode === 0 ? 'succeeded' : isStop(outcome.error) ? 'stopped' : 'failed'
  if (outcome.error !== undefined) record.error = outcome.error
}

function isStop(error: unknown): boolean {
  return isSlipwayError(error) && (error.code === 'terminated' || error.code === 'interrupted')
}
