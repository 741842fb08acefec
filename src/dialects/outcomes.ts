/** How an attempt can end other than well; thrown by the dialects, read by the engine. */

/** Thrown by apply methods when statement `index` (0-based) of a `sql` body failed. */
export class StatementError extends Error {
  override readonly name = 'StatementError'
  readonly index: number
  constructor(index: number, cause: unknown) {
    super('statement failed', { cause })
    this.index = index
  }
}

/** Thrown by applyInTransaction when history already has the row: another runner was here. */
export class AlreadyRecorded extends Error {
  override readonly name = 'AlreadyRecorded'
}

/** Thrown by a writing method of Turns.session that could not have its turn: nothing has been written. */
export class TurnLost extends Error {
  override readonly name = 'TurnLost'
}

/** Thrown when the migration left its own transaction, so its effects may be committed. */
export class TransactionEscaped extends Error {
  override readonly name = 'TransactionEscaped'
}

/** Thrown when the connection ended after COMMIT was sent and before its answer came. */
export class CommitUnanswered extends Error {
  override readonly name = 'CommitUnanswered'
}
