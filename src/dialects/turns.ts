/** The second way to work, for a database that is reached through a pooler. */
import type { HistorySnapshot, Session } from './dialect.ts'

/**
 * The way to work where the run lock can be held by a transaction only: history is looked at, a turn is taken on what
 * was seen, and one writing method of `session` works within the turn and ends it.
 */
export interface Turns {
  /** Everything else ends a turn that is open, undone. Without one, applyInTransaction and recordSkipped take it first. */
  readonly session: Session
  /** History as it is now; `take` insists on it. */
  look(): Promise<HistorySnapshot>
  /** Begins the transaction that holds the run lock. `busy`: another runner has it; `moved`: history is not what was seen. */
  take(): Promise<'taken' | 'busy' | 'moved'>
  /** Whether nobody holds the run lock at this instant. */
  isFree(): Promise<boolean>
  /** Creates or upgrades the history tables in a turn of their own; false: another runner has the lock. */
  ensureHistory(): Promise<boolean>
  /**
   * For migrations that no transaction can hold: resolves if the original session and its own methods can be used
   * after all. Throws pooler-in-the-way, which names them.
   */
  requireSession(migrations: readonly string[]): Promise<void>
}
