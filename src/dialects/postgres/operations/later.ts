/** Loads the operations with the first one that is called: most migrations call none. */
import type { Executor } from '../../dialect.ts'
import type { OpenOperations } from '../../operations.ts'

/** What an operation stands on. */
export interface Shelter {
  readonly executor: Executor
  /** Runs `work` alone: no query of the migration comes in between, and after an error nothing of it has happened. */
  enclose<T>(work: () => Promise<T>): Promise<T>
}

export function openLater(shelter: Shelter): OpenOperations {
  return async (overhear) => (await import('./open.ts')).openOperations(shelter, overhear)
}
