/** Signals and stray rejections of this process, turned into one AbortSignal. Only the command line uses this. */
import { messageOf, SlipwayError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { endProcess } from './ending.ts'

const exitCodeOf = { SIGTERM: 143, SIGINT: 130, SIGHUP: 143 } as const
type StopSignal = keyof typeof exitCodeOf

export interface SignalOptions {
  readonly emit: Listener
  readonly shutdownTimeoutMs: number
  /** The last words when the shutdown timeout passes before the run has stopped. */
  readonly giveUp: (error: SlipwayError) => void
  /** What to type to do it again, where that is not `slipway up`. */
  readonly again?: string | undefined
}

/** The first signal stops the run in good order, within the shutdown timeout; the second ends the process at once. */
export function watchSignals(options: SignalOptions): AbortSignal {
  const controller = new AbortController()
  const facts = options.again === undefined ? {} : { hint: options.again }
  let asked = false
  const stop = (signal: StopSignal) => {
    if (asked) endProcess(exitCodeOf[signal])
    asked = true
    options.emit({ type: 'stopping', signal })
    const code = signal === 'SIGINT' ? 'interrupted' : 'terminated'
    controller.abort(new SlipwayError(code, `stopped by ${signal}`, facts))
    setTimeout(() => {
      const message = `stopped by ${signal}; the database did not answer within the shutdown timeout and rolls back by itself`
      options.giveUp(new SlipwayError(code, message, facts))
      endProcess(exitCodeOf[signal])
    }, options.shutdownTimeoutMs).unref()
  }
  for (const signal of Object.keys(exitCodeOf) as StopSignal[]) process.on(signal, () => stop(signal))
  const onStray = (thrown: unknown) => {
    if (!controller.signal.aborted) controller.abort(explainStray(thrown))
  }
  process.on('unhandledRejection', onStray)
  process.on('uncaughtException', onStray)
  // Nothing is left that could wake what the run waits for. On PostgreSQL the connection always could.
  process.once('beforeExit', () => {
    if (!controller.signal.aborted)
      controller.abort(new SlipwayError('migration-failed', neverComes, neverHint))
  })
  return controller.signal
}

const neverComes = 'something is awaited that can never come'
const neverHint = { hint: 'look at what the migration awaits' }

/** The driver fails outside any promise when its socket dies in the wrong moment; anything else is a migration's. */
function explainStray(thrown: unknown): SlipwayError {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : ''
  if (/\/node_modules\/postgres\/|\/postgres-driver\.cjs/.test(stack)) {
    return new SlipwayError('session-lost', `the database driver failed: ${messageOf(thrown)}`, {
      cause: thrown,
    })
  }
  const error = new SlipwayError(
    'migration-failed',
    `an error was thrown where nothing awaited it: ${messageOf(thrown)}`,
    { cause: thrown, hint: 'await every promise in the migration' },
  )
  // Where it was thrown is what matters.
  if (stack !== '') error.stack = stack
  return error
}
