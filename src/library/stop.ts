/** Whatever may stop a verb, as one signal whose reason is a SlipwayError. */
import { isSlipwayError, SlipwayError } from '../errors.ts'

export interface Stop extends Disposable {
  readonly signal: AbortSignal
}

/** Listens to the others until it is disposed of, so that a signal that lives long keeps nothing. */
export function stopWith(signals: readonly (AbortSignal | undefined)[]): Stop {
  const controller = new AbortController()
  const given = signals.filter((signal) => signal !== undefined)
  const stop = () => controller.abort(reasonOf(given.find(({ aborted }) => aborted)?.reason))
  for (const signal of given) {
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of given) signal.removeEventListener('abort', stop)
    },
  }
}

function reasonOf(reason: unknown): SlipwayError {
  if (isSlipwayError(reason)) return reason
  return new SlipwayError('interrupted', 'stopped by its AbortSignal', { cause: reason })
}
