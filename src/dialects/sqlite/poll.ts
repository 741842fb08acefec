/** Waiting for a lock that another connection holds, without blocking the process. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { sqliteCodeOf } from './errors.ts'

const pollEveryMs = 20

export interface BusyOptions {
  /** 0: no limit. */
  readonly budgetMs: number
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal
}

/**
 * Runs `work` again every 20 ms while it fails because another connection holds a lock, and throws its SQLITE_BUSY
 * when the budget is used up. SQLITE_BUSY_SNAPSHOT is thrown at once: trying again cannot help there;
 * https://www.sqlite.org/rescode.html#busy_snapshot
 */
export async function retryWhileBusy<T>(work: () => T, options: BusyOptions): Promise<T> {
  const deadline = options.budgetMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + options.budgetMs
  for (;;) {
    options.signal?.throwIfAborted()
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
    }
    await pause(options.signal)
  }
}

/** Lets signal handlers and timers run between two statements, which are synchronous. */
export async function yieldToSignals(): Promise<void> {
  await nextTurn()
}

function isBusy(error: unknown): boolean {
  const code = sqliteCodeOf(error)
  return code?.startsWith('SQLITE_BUSY') === true && code !== 'SQLITE_BUSY_SNAPSHOT'
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(pollEveryMs, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
