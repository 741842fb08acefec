/** BEGIN IMMEDIATE … COMMIT by hand: the driver's own transaction() cannot wait for a promise. */
import type { Handle } from './driver.ts'
import { type BusyOptions, retryWhileBusy } from './poll.ts'

/**
 * IMMEDIATE takes the write lock at once. A deferred transaction would take it at its first write and could then meet
 * SQLITE_BUSY_SNAPSHOT half-way; https://www.sqlite.org/lang_transaction.html
 */
export async function beginWrite(handle: Handle, options: BusyOptions): Promise<void> {
  await retryWhileBusy(() => handle.exec('begin immediate'), options)
}

/**
 * In rollback-journal mode COMMIT meets SQLITE_BUSY while another connection reads; the transaction stays open and
 * COMMIT may be tried again. From the first try on new readers are held up, so the budget also bounds their wait;
 * https://www.sqlite.org/lockingv3.html#writer_starvation
 */
export async function commitWrite(handle: Handle, options: BusyOptions): Promise<void> {
  await retryWhileBusy(() => handle.exec('commit'), options)
}

/** Never throws: the error that led here is the one to tell, and closing the handle rolls back as well. */
export function rollbackQuietly(handle: Handle): void {
  try {
    if (handle.open && handle.inTransaction) handle.exec('rollback')
  } catch {
    return
  }
}

/** Runs `work` in a write transaction of its own; its error rolls back and wins. */
export async function withWriteTransaction<T>(
  handle: Handle,
  options: BusyOptions,
  work: () => T,
): Promise<T> {
  await beginWrite(handle, options)
  try {
    const result = work()
    await commitWrite(handle, options)
    return result
  } finally {
    rollbackQuietly(handle)
  }
}

/** Runs `work` in a transaction that reads one state of the database. */
export async function withReadTransaction<T>(
  handle: Handle,
  options: BusyOptions,
  work: () => T,
): Promise<T> {
  return await retryWhileBusy(() => {
    handle.exec('begin')
    try {
      return work()
    } finally {
      rollbackQuietly(handle)
    }
  }, options)
}
