/** Taking over another tool's history: what is read of its table, and what is written in its place. */
import type { Amendment } from './amendment.ts'
import type { StepRecord } from './dialect.ts'

/** A table that another tool may have written, with all its rows. */
export interface ForeignTable {
  /** `main` on SQLite. */
  readonly schema: string
  readonly name: string
  /** As they are spelled. */
  readonly columns: readonly string[]
  /** By column in small letters; as the database prints them, instants in ISO 8601. A null is missing. */
  readonly rows: readonly Readonly<Record<string, string>>[]
  /** Differs when a row differs. */
  readonly mark: string
}

export interface ForeignSnapshot {
  readonly tables: readonly ForeignTable[]
  /** Where the history of slipway is or would be. */
  readonly historySchema: string | undefined
  readonly historyTable: string
  /** Names in that schema that no other relation can have. */
  readonly taken: readonly string[]
}

/** Which tables to read; the name in small letters. */
export type WantsTable = (table: { readonly name: string; readonly columns: readonly string[] }) => boolean

/** Everything in one transaction, or nothing. */
export interface Adoption {
  readonly source: ForeignTable
  /** The name it gets, because the history needs its own. */
  readonly moveTo: string | undefined
  readonly amendments: readonly Amendment[]
  /** The line in the log that tells of it all. */
  readonly record: StepRecord
  readonly detail: string
  /** How long to wait for the lock on that table. */
  readonly lockTimeoutMs: number
  /** When all is written and nothing committed: what must not be done unless the database can. Throwing takes it all back. */
  readonly beforeCommit: () => void
}
