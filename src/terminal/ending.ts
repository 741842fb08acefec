/** The one way in which the command line ends its process; any other is somebody else's, and no success. */
import { type ErrorCode, SlipwayError } from '../errors.ts'
import { flush } from './streams.ts'

let isOurs = false

export function endProcess(exitCode: number): never {
  isOurs = true
  process.exit(exitCode)
}

/** Once whoever reads our results has them. */
export async function endAfterOutput(exitCode: number): Promise<never> {
  await flush('stdout')
  return endProcess(exitCode)
}

/** What an end means that nobody asked for, and whose doing it must be. */
export interface Blame {
  readonly code: ErrorCode
  /** `a migration` */
  readonly culprit: string
  readonly hint: string
}

/**
 * Tells of an end that endProcess did not bring about, and gives it an exit code of its own: a migration may call
 * process.exit(0), or await at its top level what never comes, after which Node has nothing left to do and exits with
 * 0. `tell` must do all at once.
 */
export function watchEnding(blame: () => Blame, tell: (error: SlipwayError) => void): void {
  let ranDry = false
  process.on('beforeExit', () => {
    ranDry = true
  })
  // Node prints such an error itself, and exits with 1.
  process.on('uncaughtExceptionMonitor', () => {
    if (process.listenerCount('uncaughtException') === 0) isOurs = true
  })
  process.on('exit', (exitCode) => {
    if (isOurs) return
    const { code, culprit, hint } = blame()
    const why = ranDry
      ? 'something is awaited that can never come'
      : `process.exit(${exitCode}) was called, by ${culprit} or by what it imports`
    const error = new SlipwayError(code, `the process ended before the work was done: ${why}`, { hint })
    process.exitCode = error.exitCode
    tell(error)
  })
}
