/** Several migrations as one transaction: the words for it. */
import type { ParsedStatement } from '../sql/statement.ts'
import type { Attempt, StepRecord } from './dialect.ts'

/** One of several migrations that are applied in one transaction. */
export type TogetherPart =
  | { readonly kind: 'apply'; readonly attempt: Attempt }
  | { readonly kind: 'skip'; readonly record: StepRecord }

/** What goes wrong belongs to the part that began last, or to all of them once the last has ended. */
export interface TogetherListener {
  begin(index: number): void
  /** Its work is done, and not committed. */
  end(index: number): void
}

/** What is known of a migration before it runs; a script's statements are not. */
export interface TogetherBody {
  readonly name: string
  readonly statements: readonly ParsedStatement[]
}
