/** Lock trouble within long work: what was refused is tried again, and the rest of the migration is not. */
import { backoff, sleep } from '../sleep.ts'
import type { LongPlace } from './long-work.ts'

export interface RetryOptions {
  /** Before the next try. */
  readonly onRetry?: () => void
  /** Of the first pause; it doubles up to 15 s. */
  readonly firstMs?: number
}

/** Tries until it works, or for as long as SLIPWAY_DDL_RETRY_FOR says. Only for what leaves nothing behind when it fails. */
export async function retrying<T>(
  { run, name, signal }: Pick<LongPlace, 'run' | 'name' | 'signal'>,
  work: () => Promise<T>,
  { onRetry, firstMs = 1000 }: RetryOptions = {},
): Promise<T> {
  const deadline = performance.now() + run.config.ddlRetryForMs
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      const fault = run.dialect.explain(error)
      const delayMs = backoff(tries - 1, firstMs, 15_000)
      const isOver = performance.now() + delayMs > deadline
      if (fault.kind !== 'retryable' || signal.aborted || isOver) throw error
      const facts = { attempt: tries, sqlstate: fault.sqlstate ?? '', reason: fault.message, delayMs }
      run.emit({ type: 'step-retrying', name, ...facts, blockers: [] })
      onRetry?.()
      await sleep(delayMs, signal)
    }
  }
}
