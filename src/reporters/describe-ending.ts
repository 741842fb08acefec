/** The last line of a run: what state the database is in now. Says nothing the events did not show. */
import type { SlipwayError } from '../errors.ts'
import type { RunOutcome, TenantsOutcome } from '../events.ts'
import { formatDuration } from '../text/format-time.ts'
import { countOf } from './count-of.ts'
import type { Told } from './describe-event.ts'
import { isTransactional, type RunMemory } from './run-memory.ts'

export function describeEnding(outcome: RunOutcome, memory: RunMemory): Told {
  const duration = formatDuration(outcome.durationMs)
  if (outcome.tenants !== undefined) return describeTenants(outcome.tenants, outcome, duration)
  if (outcome.exitCode === 0) return { text: describeSuccess(outcome, memory), aside: duration }
  return { text: `${describeFailure(outcome, memory)}; exit ${outcome.exitCode} after ${duration}` }
}

function describeTenants(tenants: TenantsOutcome, { exitCode }: RunOutcome, duration: string): Told {
  const { migrated, upToDate, failed, notDone } = tenants
  const counts = [
    `${migrated.length} migrated`,
    `${upToDate.length} up to date`,
    ...(failed.length === 0 ? [] : [`${failed.length} failed`]),
    ...(notDone.length === 0 ? [] : [`${notDone.length} not done`]),
  ]
  const all = migrated.length + upToDate.length + failed.length + notDone.length
  const text = `${countOf(all, 'tenant')}: ${counts.join(', ')}`
  return exitCode === 0 ? { text, aside: duration } : { text: `${text}; exit ${exitCode} after ${duration}` }
}

function describeSuccess(outcome: RunOutcome, memory: RunMemory): string {
  if (amendingVerbs.has(outcome.verb))
    return `${countOf(memory.amended, 'change')} of history; no migration was run`
  if (outcome.reverted !== undefined) return `${countOf(outcome.reverted.length, 'migration')} reverted`
  const before = memory.appliedBefore
  const pending = outcome.pending.length === 0 ? '' : `, ${outcome.pending.length} still pending`
  if (outcome.applied.length + outcome.skipped.length === 0) {
    if (pending !== '') return `nothing applied: ${before} applied before${pending}`
    return `up to date: ${before} applied`
  }
  const skipped = outcome.skipped.length === 0 ? '' : `, ${outcome.skipped.length} skipped`
  return `${countOf(outcome.applied.length, 'migration')} applied${skipped}${pending}`
}

function describeFailure(outcome: RunOutcome, memory: RunMemory): string {
  if (readingVerbs.has(outcome.verb)) return describeReadFailure(outcome)
  const step = memory.failed ?? memory.running
  if (memory.together && step !== undefined && outcome.applied.length === 0)
    return `stopped: ${describeTogether(step, memory, outcome.error)}`
  const parts: string[] = []
  if (step !== undefined) parts.push(describeStep(step, isTransactional(memory, step), outcome.error))
  const done = outcome.applied.length
  const where = step === undefined ? '' : ' before it'
  const reverted = outcome.reverted?.length ?? 0
  if (reverted > 0)
    parts.push(`${countOf(reverted, 'migration')}${where} ${reverted === 1 ? 'stays' : 'stay'} reverted`)
  else if (done > 0)
    parts.push(`${countOf(done, 'migration')}${where} ${done === 1 ? 'stays' : 'stay'} applied`)
  else if (step === undefined) parts.push('no migration was run')
  const unrun = outcome.pending.filter((name) => name !== step).length
  if (unrun > 0) parts.push(`${unrun} not ${outcome.verb === 'down' ? 'reverted' : 'run'}`)
  return `stopped: ${parts.join('; ')}`
}

/** Nothing of it is there, whichever step it was. */
function describeTogether(step: string, { steps }: RunMemory, error: SlipwayError | undefined): string {
  const all = countOf(steps.length, 'migration')
  if (error?.code === 'session-lost')
    return `${all} in one transaction, not confirmed: the server rolls back what was not committed`
  if (error?.code === 'escaped')
    return `${step} ended the transaction of ${all}, so part of it may be committed`
  return `${all} in one transaction, rolled back with ${step}: nothing was applied`
}

/** Verbs that change history alone. */
const amendingVerbs = new Set(['stamp', 'repair', 'adopt'])

/** Verbs that change nothing: there is no state to explain. */
const readingVerbs = new Set(['wait', 'status', 'history', 'verify', 'doctor', 'unlock'])

function describeReadFailure({ verb, pending }: RunOutcome): string {
  return pending.length === 0 ? `${verb} stopped` : `${verb} stopped: ${pending.length} pending`
}

/** What is left of a step that was begun and did not end well. */
function describeStep(
  name: string,
  transactional: boolean | undefined,
  error: SlipwayError | undefined,
): string {
  if (error?.code === 'escaped') return `${name} ended its own transaction, so part of it may be committed`
  if (error?.code === 'out-of-time') return `${name} is not finished; the next run goes on where it stopped`
  if (transactional === undefined) return `${name} did not finish`
  if (!transactional) return `${name} runs outside a transaction: ${describeRemains(error)}`
  if (error?.code === 'session-lost')
    return `${name} was not confirmed: the server rolls back what was not committed`
  return `${name} was rolled back`
}

function describeRemains(error: SlipwayError | undefined): string {
  const statement = error?.facts.statement
  if (statement === undefined) return 'what it did before this stays'
  if (statement.index <= 1) return 'its first statement failed, the rest was not sent'
  const done = statement.index - 1
  return `${done} of its ${countOf(statement.total, 'statement')} ${done === 1 ? 'is' : 'are'} done and ${done === 1 ? 'stays' : 'stay'}`
}
