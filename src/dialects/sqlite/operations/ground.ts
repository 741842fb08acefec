/** What an operation stands on: its turn on the connection, and a way to work without enforcement of foreign keys. */
import type { Executor } from '../../dialect.ts'
import type { OpenOperations } from '../../operations.ts'

export interface Shelter {
  /** The migration's, for checkpoints. */
  readonly name: string
  /**
   * Runs `work` alone: no other query of the migration comes in between, and after an error nothing of it has happened.
   * The beginning and the end of a transaction of its own are told.
   */
  enclose<T>(work: (executor: Executor) => Promise<T>, tell: (text: string) => void): Promise<T>
  /** For work that would lose rows while foreign keys are enforced: throws what has it run again where they are not. */
  requireShield(why: string): void
}

/** One operation's. */
export interface Ground {
  readonly name: string
  readonly executor: Executor
  requireShield(why: string): void
}

/** Loads the operations with the first one that is called: most migrations call none. */
export function openLater(shelter: Shelter): OpenOperations {
  return async (overhear) => (await import('./open.ts')).openOperations(shelter, overhear)
}
