/** The one way in which the command line ends its process; any other is somebody else's, and no success. */
import { type ErrorCode, SlipwayError } from '../errors.ts'

let isOurs = false

export function endProcess(exitCode: number): never {
  isOurs = true
  process.exit(exitCode)
}

/**
 * Tells of an end that endProcess did not bring about, and gives it an exit code of its own: a migration may call
 * process.exit(0), or await at its top level what never comes, after which Node has nothing left to do and exits with
 * 0. `code` is what such an end means; `tell` must do all at once.
 */
export function watchEnding(code: () => ErrorCode, tell: (error: SlipwayError) => void): void {
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
    const why = ranDry
      ? 'something is awaited that can never come'
      : `process.exit(${exitCode}) was called, by a migration or by what it imports`
    const error = new SlipwayError(code(), `the process ended before the work was done: ${why}`, {
      hint: 'correct it and look where it stopped: slipway status',
    })
    process.exitCode = error.exitCode
    tell(error)
  })
}
