/** What the parsers of both dialects say of one SQL statement. */

/** Ordered from weakest to strongest; https://www.postgresql.org/docs/current/explicit-locking.html */
export const lockModes = [
  'share update exclusive',
  'share',
  'share row exclusive',
  'access exclusive',
] as const
export type LockMode = (typeof lockModes)[number]

export interface TableLock {
  /** Ready for SQL: quoted where needed, schema-qualified if the statement was. */
  readonly table: string
  readonly mode: LockMode
  /** The table without its partitions and children: `lock table only …`. Leaving it out locks more, never too little. */
  readonly only?: boolean
}

/** `create index concurrently`, as the runner needs it to tell a finished build from a broken one. */
export interface ConcurrentIndex {
  readonly action: 'create' | 'drop'
  /** Ready for SQL; undefined when PostgreSQL chooses the name. */
  readonly index: string | undefined
  readonly table?: string
  readonly unique?: boolean
  /** Names of the key columns in order, without `include`; undefined in a place that holds an expression. */
  readonly columns?: readonly (string | undefined)[]
}

export interface ParsedStatement {
  /** Without surrounding blanks, comments before it, or the closing semicolon. */
  readonly text: string
  /** UTF-16 offset of `text` in the file. */
  readonly offset: number
  /** Set for begin, commit, rollback, savepoint, prepare transaction and their synonyms. */
  readonly transactionControl?: 'begin' | 'commit' | 'rollback' | 'other'
  /** The server refuses it inside a transaction (25001), or it may commit by itself (call, do). */
  readonly transaction: 'any' | 'refused' | 'may-commit'
  readonly concurrentIndex?: ConcurrentIndex
  /** Tables whose locks the statement takes and that may exist before it. Empty on SQLite. */
  readonly locks: readonly TableLock[]
  /** Relations that are new after it, spelled as in `locks`; see combineLocks. */
  readonly creates?: readonly string[]
}

/** Thrown by the parsers; `offset` is a UTF-16 offset into the text given to them. */
export class SqlSyntaxError extends Error {
  override readonly name = 'SqlSyntaxError'
  readonly offset: number | undefined
  readonly hint: string | undefined
  constructor(message: string, offset: number | undefined, hint?: string) {
    super(message)
    this.offset = offset
    this.hint = hint
  }
}
