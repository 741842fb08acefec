/** The migrations of a report, as events tell of them. */
import { isSlipwayError } from '../errors.ts'
import type { PlannedStep, RunEvent, RunOutcome, StepAction } from '../events.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'

export type ReportedState =
  | 'applied'
  | 'skipped'
  /** It went wrong; in a transaction nothing of it is left. */
  | 'failed'
  /** A signal, or the end of the process, came while it ran. */
  | 'stopped'
  /** Its work was done, and undone with the transaction it shared. */
  | 'rolled-back'
  | 'pending'

export interface ReportedMigration {
  readonly name: string
  readonly action: StepAction
  readonly transaction: boolean
  readonly checksum: string | null
  readonly state: ReportedState
  readonly startedAt: Date | null
  readonly durationMs: number | null
  /** Of a SQL migration: how many it has, and the time of those that were done. */
  readonly statements: { readonly total: number; readonly done: readonly object[] } | null
  /** Each attempt that was rolled back to be tried again, with who was in the way. */
  readonly retries: readonly object[]
  readonly error: ErrorFields | null
}

export type Draft = { -readonly [Key in keyof ReportedMigration]: ReportedMigration[Key] } & {
  isDone: boolean
}

export function draftOf(step: PlannedStep): Draft {
  return {
    name: step.name,
    action: step.action,
    transaction: step.transaction,
    checksum: step.checksum ?? null,
    state: 'pending',
    startedAt: null,
    durationMs: null,
    statements: null,
    retries: [],
    error: null,
    isDone: false,
  }
}

interface StepListening {
  readonly now: () => Date
  readonly fieldsOf: (event: RunEvent) => Record<string, unknown>
}

export function listenToStep(
  event: RunEvent,
  drafts: ReadonlyMap<string, Draft>,
  { now, fieldsOf }: StepListening,
): void {
  const draft = 'name' in event ? drafts.get(event.name) : undefined
  if (draft === undefined) return
  switch (event.type) {
    case 'step-started':
      draft.startedAt ??= now()
      draft.statements = event.statements === undefined ? null : { total: event.statements, done: [] }
      return
    case 'statement-finished':
      draft.statements = {
        total: event.total,
        done: [...(draft.statements?.done ?? []), { index: event.index, durationMs: event.durationMs }],
      }
      return
    case 'step-retrying': {
      const { migration: _, ...fields } = fieldsOf(event)
      draft.retries = [...draft.retries, fields]
      if (draft.statements !== null) draft.statements = { ...draft.statements, done: [] }
      return
    }
    case 'step-finished':
      draft.isDone = true
      draft.durationMs = event.durationMs
      return
    case 'step-failed':
      draft.durationMs = event.durationMs
      draft.error = toErrorFields(event.error, { stack: false })
      draft.state = isStop(event.error) ? 'stopped' : 'failed'
      return
    default:
      return
  }
}

/** The outcome knows best: a commit may have been confirmed after its step had failed. */
export function settle(
  { isDone, ...draft }: Draft,
  { outcome, isTogether }: { readonly outcome: RunOutcome | undefined; readonly isTogether: boolean },
): ReportedMigration {
  if (outcome?.applied.includes(draft.name) === true || (isDone && draft.action !== 'skip'))
    return { ...draft, state: 'applied' }
  if (outcome?.skipped.includes(draft.name) === true || isDone) return { ...draft, state: 'skipped' }
  if (draft.state !== 'pending' || draft.startedAt === null) return draft
  return { ...draft, state: isTogether ? 'rolled-back' : 'stopped' }
}

export function isStop(error: unknown): boolean {
  return isSlipwayError(error) && (error.code === 'terminated' || error.code === 'interrupted')
}
