/** Several reasons to stop, as one error. */
import { type ExitCode, SlipwayError } from '../errors.ts'

/** The exit code says what to look at first: a disagreement, then the files, then what needs a human. */
const importance: readonly ExitCode[] = [65, 66, 79]

/**
 * One error for all reasons (at least one): code, exit code and hint of the most important, every message, and
 * `facts.reasons` with each reason. A single reason is the error itself.
 */
export function combineReasons(reasons: readonly SlipwayError[]): SlipwayError {
  const [main] = [...reasons].sort((a, b) => rank(a) - rank(b))
  if (main === undefined) throw new RangeError('a refusal needs a reason')
  if (reasons.length === 1) return main
  const list = reasons.map((reason) => `- ${reason.message.replaceAll('\n', '\n  ')}`)
  return new SlipwayError(main.code, `${reasons.length} reasons to stop:\n${list.join('\n')}`, {
    hint: main.hint,
    reasons,
  })
}

function rank(reason: SlipwayError): number {
  const found = importance.indexOf(reason.exitCode)
  return found === -1 ? importance.length : found
}
