/** Whether the app may start: the one decision that a startup probe waits for. Pure. */
import type { Overview } from '../engine/overview.ts'
import type { MigrationState } from '../plan/migration.ts'
import { hasEnded, type RunRecord } from './run-record.ts'

export interface Readiness {
  readonly ready: boolean
  /** For a person who asks why. */
  readonly reason: string
}

const unapplied: readonly MigrationState[] = ['pending', 'late', 'unfinished']

/**
 * Ready when our own run succeeded, or another runner's did after ours had failed; until history says that a migration
 * of this image is not applied. What a newer image applied changes nothing, nor does a database that does not answer:
 * whether the app can reach it is for the app's own probe to say.
 */
export function judge(run: RunRecord, overview: Overview | undefined): Readiness {
  if (!hasEnded(run)) return { ready: false, reason: progressOf(run) }
  const found = overview !== undefined && isLater(overview, run) ? overview : undefined
  if (run.phase === 'succeeded' && found === undefined) return allApplied
  const missing = found?.survey.result.states.filter(({ state }) => unapplied.includes(state)) ?? []
  if (missing.length > 0)
    return { ready: false, reason: `${failure(run)}${missing.length} not applied: ${listSome(missing)}` }
  if (run.phase === 'succeeded') return allApplied
  return found?.survey.result.kind === 'plan'
    ? allApplied
    : { ready: false, reason: `${failure(run)}see the error` }
}

function progressOf({ waiting, steps }: RunRecord): string {
  if (waiting !== undefined) return waiting.reason
  const done = steps.filter(({ state }) => state === 'done').length
  return steps.length === 0 ? 'looking for what is pending' : `${done} of ${steps.length} migrations done`
}

const allApplied: Readiness = { ready: true, reason: 'every migration of this image is applied' }

/** A look that began before the end of the run may have seen less. */
function isLater({ at }: Overview, { finishedAt }: RunRecord): boolean {
  return finishedAt !== undefined && at.getTime() >= finishedAt.getTime()
}

function failure({ outcome }: RunRecord): string {
  if (outcome?.error === undefined) return ''
  return `the run ended with ${outcome.exitCode} (${outcome.error.code}); `
}

function listSome(states: readonly { readonly name: string }[]): string {
  const names = states.slice(0, 3).map(({ name }) => name)
  return states.length > names.length ? `${names.join(', ')} …` : names.join(', ')
}
