/** What only a migration without a transaction may do. Where there is one writer at a time, most of it is plain. */
import type { LongWork } from '../dialect.ts'
import type { BusyOptions } from './poll.ts'
import type { StepwiseRun } from './stepwise-run.ts'

/** `busy`: how long it waits for the app's writers. */
export function createLongWork(run: StepwiseRun, busy: BusyOptions): LongWork {
  return {
    get isInTransaction() {
      return run.handle.inTransaction
    },
    openBackfill: async (request) => (await import('./backfill.ts')).openBackfill(run, busy, request),
    replicaLag: async () => ({ ms: undefined, isHidden: false }),
    createIndex: async (request) => (await import('./build-index.ts')).buildIndex(run, busy, request),
    validateConstraint: async (table, constraint) =>
      (await import('./validate.ts')).validateConstraint(run, table, constraint),
    setNotNull: async (table, column, say) =>
      (await import('./set-not-null.ts')).setNotNull(run, busy, { table, column, say }),
    // It is one transaction there.
    undoNotNull: async () => {},
  }
}
