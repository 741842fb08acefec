/** Everything that is shown, as plain data without secrets: the page and /api/status are two forms of it. */
import type { Overview } from '../engine/overview.ts'
import type { Run } from '../engine/run.ts'
import type { LockHolder } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { type ErrorFields, toErrorFields } from '../reporters/error-fields.ts'
import { toPlainData } from '../reporters/plain-data.ts'
import { describeProgress } from '../reporters/progress-text.ts'
import { type StatusJson, statusJson } from '../reporters/status-json.ts'
import { statusResult } from '../reporters/survey-results.ts'
import { maskPasswords } from '../sql/mask-passwords.ts'
import { describeHolder, shortenStatement } from '../text/describe-holder.ts'
import { forEverybody } from './for-everybody.ts'
import { judge } from './readiness.ts'
import { hasEnded, type Phase, type RunRecord, type StepRecord } from './run-record.ts'

export interface StepView {
  readonly name: string
  readonly action: StepRecord['action']
  readonly state: StepRecord['state']
  readonly startedAt: string | null
  readonly durationMs: number | null
  readonly statements: { readonly done: number; readonly total: number } | null
  /** Of long work within it; `text` is all of it in words. */
  readonly progress: { readonly text: string; readonly done: number; readonly total: number | null } | null
  readonly retry: {
    readonly attempt: number
    readonly reason: string
    readonly blockers: readonly string[]
  } | null
}

export interface RunView {
  readonly phase: Phase
  readonly runId: string | null
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly durationMs: number
  readonly exitCode: number | null
  /** `since` is when it began to wait. */
  readonly waiting: { readonly reason: string; readonly holder: string | null; readonly since: string } | null
  readonly waits: { readonly databaseMs: number; readonly lockMs: number }
  readonly retries: number
  /** What it was to do, in order. */
  readonly steps: readonly StepView[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  readonly error: ErrorFields | null
}

export interface LockView {
  readonly held: boolean
  /** By the run of this process. */
  readonly own: boolean
  readonly holder: LockHolder | null
  /** It in words. */
  readonly text: string | null
}

/** What `/api/status` answers. Instants are ISO 8601 in UTC, durations milliseconds. Fields may be added. */
export interface View {
  readonly slipway: string
  readonly ready: boolean
  readonly reason: string
  /** The run of this process. */
  readonly run: RunView
  /** Of the last look at the database that succeeded. */
  readonly readAt: string | null
  /** Why the last look did not. */
  readonly problem: ErrorFields | null
  /** As `slipway status --json` prints it. */
  readonly status: StatusJson | null
  readonly lock: LockView
  /** Of migrations that are not applied. */
  readonly failures: readonly {
    readonly migration: string
    readonly at: string
    readonly runId: string
    readonly error: string
  }[]
}

export interface ViewInput {
  readonly run: Run
  readonly record: RunRecord
  readonly overview: Overview | undefined
  readonly problem: unknown
  readonly now: Date
}

export function createView({ run, record, overview, problem, now }: ViewInput): View {
  const { redact } = run.config
  const view = {
    slipway: run.runnerVersion,
    ...judge(record, overview),
    run: viewRun(record, now, redact),
    problem: problem === undefined ? null : fieldsOf(problem),
  }
  const look = overview === undefined ? noLook : viewLook(run, overview)
  return {
    ...(toPlainData(view, { redact, keys: 'own' }) as Omit<View, keyof LookView>),
    ...look,
    lock: { ...look.lock, own: isOwn(run, record, overview?.holder) },
  }
}

/** On SQLite there is only the process, on PostgreSQL only the name that a session gives itself. */
function isOwn(run: Run, record: RunRecord, holder: LockHolder | undefined): boolean {
  if (record.phase !== 'migrating' || !record.hadLock) return false
  return run.dialect.isRemote
    ? holder?.applicationName?.startsWith(keptName(`slipway/${run.runnerVersion} ${run.appliedBy}`)) === true
    : holder?.pid === process.pid
}

/** PostgreSQL keeps 63 bytes of it, and puts something else for what is not ASCII (as its versions differ). */
function keptName(name: string): string {
  return /^[ -~]{0,63}/.exec(name)?.[0] ?? ''
}

type LookView = Pick<View, 'readAt' | 'status' | 'lock' | 'failures'>

const noLook: LookView = {
  readAt: null,
  status: null,
  lock: { held: false, own: false, holder: null, text: null },
  failures: [],
}

/** A look stays what it is, and while a page is open there is a view for each thing that happens. */
const looks = new WeakMap<Overview, LookView>()

function viewLook(run: Run, overview: Overview): LookView {
  const known = looks.get(overview)
  if (known !== undefined) return known
  const { redact } = run.config
  const { holder, survey, failures, at } = overview
  const status = statusJson(statusResult(run, survey))
  const view = {
    readAt: at,
    status: { ...status, refusals: status.refusals.map(forEverybody) },
    lock: {
      held: holder !== undefined,
      own: false,
      holder: holder === undefined ? null : maskStatement(holder, redact),
      text: holder === undefined ? null : describeHolder(holder, at, redact),
    },
    failures: [...failures.values()].map(({ name, at, runId, error }) => ({
      migration: name,
      at,
      runId,
      error: maskPasswords(error),
    })),
  }
  const made = toPlainData(view, { redact, keys: 'own' }) as LookView
  looks.set(overview, made)
  return made
}

function fieldsOf(error: unknown): ErrorFields {
  return forEverybody(toErrorFields(error, { stack: false }))
}

function viewRun(record: RunRecord, now: Date, redact: Redactor): object {
  const { phase, runId, startedAt, finishedAt, waiting, outcome, steps, retries, warnings, error } = record
  return {
    phase,
    runId: runId ?? null,
    startedAt,
    finishedAt: finishedAt ?? null,
    durationMs: (finishedAt ?? now).getTime() - startedAt.getTime(),
    exitCode: outcome?.exitCode ?? null,
    waiting:
      waiting === undefined
        ? null
        : {
            reason: waiting.reason,
            holder: waiting.holder === undefined ? null : describeHolder(waiting.holder, now, redact),
            since: waiting.since,
          },
    waits: { databaseMs: record.databaseWaitMs, lockMs: record.lockWaitMs },
    retries,
    steps: steps.map((step) => viewStep(step, { isOver: hasEnded(record), now, redact })),
    warnings,
    error: error === undefined ? null : fieldsOf(error),
  }
}

interface StepOptions {
  readonly isOver: boolean
  readonly now: Date
  readonly redact: Redactor
}

function viewStep(step: StepRecord, { isOver, now, redact }: StepOptions): object {
  const { progress, retry } = step
  const isCut = isOver && (step.state === 'running' || step.state === 'retrying')
  return {
    name: step.name,
    action: step.action,
    state: isCut ? 'failed' : step.state,
    startedAt: step.startedAt ?? null,
    durationMs: step.durationMs ?? null,
    statements: step.statements ?? null,
    progress:
      progress === undefined
        ? null
        : { text: describeProgress(progress), done: progress.done, total: progress.total ?? null },
    retry:
      retry === undefined
        ? null
        : { ...retry, blockers: retry.blockers.map((blocker) => describeHolder(blocker, now, redact)) },
  }
}

function maskStatement(holder: LockHolder, redact: Redactor): LockHolder {
  if (holder.statement === undefined) return holder
  return { ...holder, statement: shortenStatement(holder.statement, redact) }
}
