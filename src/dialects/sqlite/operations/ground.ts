/** What an operation stands on: its turn on the connection, and a way to work without enforcement of foreign keys. */
import type { Executor } from '../../dialect.ts'
import type { OpenOperations } from '../../operations.ts'

export interface Shelter {
  /** The migration's, for checkpoints. */
  readonly name: string
  /** Runs `work` alone: no other query of the migration comes in between. */
  exclusively<T>(work: (executor: Executor) => Promise<T>): Promise<T>
  /**
   * Runs `work` in a transaction in which foreign keys are not enforced, and which new violations would end. One of its
   * own is told: its beginning and its end.
   */
  shield<T>(work: () => Promise<T>, tell: (text: string) => void): Promise<T>
}

/** One operation's. */
export interface Ground {
  readonly name: string
  readonly executor: Executor
  shield<T>(work: () => Promise<T>): Promise<T>
}

/** Loads the operations with the first one that is called: most migrations call none. */
export function openLater(shelter: Shelter): OpenOperations {
  return async (overhear) => (await import('./open.ts')).openOperations(shelter, overhear)
}
