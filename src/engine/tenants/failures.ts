/** One error for all tenants that failed. */
import { type ErrorCode, exitCodes, SlipwayError } from '../../errors.ts'

export interface Failures {
  readonly failed: readonly { readonly tenant: string; readonly error: SlipwayError }[]
  readonly notDone: readonly string[]
}

/** The message is for people; `reasons` has all of them. */
const mostListed = 50

/**
 * Where all failed alike, with a code that says more than "failed" (the run lock was not free, say), the exit code is
 * theirs: a Job may try that again. What is worth trying again is alike: when a server goes away, some tenants lose
 * their session and others never get one.
 */
export function combineFailures(
  verb: string,
  { failed, notDone }: Failures,
  { tenants }: { readonly tenants: readonly unknown[] },
): SlipwayError {
  const reasons = failed.map(({ tenant, error }) => nameTenant(tenant, error))
  const lines = failed
    .slice(0, mostListed)
    .map(({ tenant, error }) => `- ${tenant}: ${error.message.replaceAll('\n', '\n  ')}`)
  const more = failed.length > mostListed ? [`and ${failed.length - mostListed} more`] : []
  const unbegun = notDone.length === 0 ? '' : `, ${notDone.length} were not begun with`
  const head = `${failed.length} of ${tenants.length} tenants failed${unbegun}:`
  return new SlipwayError(codeFor(failed.map(({ error }) => error)), [head, ...lines, ...more].join('\n'), {
    reasons,
    hint: hintFor(verb, reasons),
  })
}

function codeFor(errors: readonly SlipwayError[]): ErrorCode {
  const [first] = errors
  const isAlike = errors.every(({ exitCode }) => exitCode === first?.exitCode)
  const mayPass = errors.every(({ exitCode }) => passing.has(exitCode))
  const isTelling = (isAlike || mayPass) && first?.exitCode !== exitCodes.failed
  return first === undefined || !isTelling ? 'tenants-failed' : first.code
}

/** A Job counts these and tries again. */
const passing: ReadonlySet<number> = new Set([exitCodes.unreachable, exitCodes.temporary])

function hintFor(verb: string, reasons: readonly SlipwayError[]): string {
  const hints = new Set(reasons.map(({ hint }) => hint))
  const [only] = hints
  if (hints.size === 1 && only !== undefined) return only
  return verb === 'up' || verb === 'exec'
    ? `look at what is said of each, then run again: slipway ${verb}; the others have nothing more to do`
    : 'look at what is said of each'
}

function nameTenant(tenant: string, error: SlipwayError): SlipwayError {
  const { reasons: _, ...facts } = error.facts
  return new SlipwayError(error.code, `${tenant}: ${error.message}`, {
    ...facts,
    hint: error.hint,
    tenant,
    cause: error,
  })
}
