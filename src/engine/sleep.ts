/** Waiting that a signal can end, and jitter. */
import { setTimeout as delay } from 'node:timers/promises'

/** Rejects with the signal's reason when the run is stopped. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** Lets what has arrived meanwhile be dealt with. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Never keeps the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

/** Doubling from `firstMs` to `capMs`; the result is between half and the whole of the step, so that runners spread out. */
export function backoff(attempt: number, firstMs: number, capMs: number): number {
  const step = Math.min(capMs, firstMs * 2 ** Math.min(attempt, 20))
  return step / 2 + (Math.random() * step) / 2
}

/** Ends with the work, or with the signal's reason: what waits for something else than the database must not keep a run from stopping. */
export async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>()
  stopped.promise.catch(() => {})
  const onAbort = () => stopped.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(), stopped.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
