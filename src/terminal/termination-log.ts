/** The file that a pod's last words go to, where there is one. */
import { existsSync } from 'node:fs'
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'
import type { RunOutcome } from '../events.ts'
import type { Redactor } from '../redact.ts'

const path = '/dev/termination-log'

export interface TerminationLog {
  tellOutcome(outcome: RunOutcome, redact: Redactor): void
  /** For what failed before a run began, or in a verb that only reads. */
  tellError(verb: string, error: unknown, redact: Redactor): void
}

/** Undefined outside a pod, and for a probe: it shares the file with the run that it asks about. All that writing needs is loaded now: at the end there is no time for it. */
export async function openTerminationLog(verb: string | undefined): Promise<TerminationLog | undefined> {
  if (verb === 'healthcheck' || !existsSync(path)) return undefined
  const { writeTerminationMessage } = await import('../reporters/termination.ts')
  return {
    tellOutcome: (outcome, redact) => void writeTerminationMessage({ path, outcome, redact }),
    tellError: (verb, error, redact) =>
      void writeTerminationMessage({ path, outcome: failedBefore(verb, error), redact }),
  }
}

function failedBefore(verb: string, thrown: unknown): RunOutcome {
  const error = isSlipwayError(thrown) ? thrown : new SlipwayError('bug', messageOf(thrown))
  const nothing = { applied: [], skipped: [], pending: [], ahead: [] }
  return { runId: crypto.randomUUID(), verb, exitCode: error.exitCode, durationMs: 0, ...nothing, error }
}
