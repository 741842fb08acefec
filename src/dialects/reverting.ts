/** What going back asks of a database besides running a down. */
import type { DatabaseUrl } from '../config/url.ts'
import type { InventoryTable } from '../plan/lost.ts'
import type { FormerNames } from '../sql/former-names.ts'
import type { Loss } from '../sql/loss.ts'
import type { ParsedStatement } from '../sql/statement.ts'
import type { Executor } from './dialect.ts'

export type { InventoryTable } from '../plan/lost.ts'
export type { FormerNames } from '../sql/former-names.ts'
export type { Loss } from '../sql/loss.ts'

/** One thing that would go, with what is in it. */
export interface CountedLoss {
  readonly kind: 'table' | 'column' | 'rows' | 'opaque'
  /** `users`, `users.email`; of what is opaque, what it is. */
  readonly what: string
  /** Of a column, those that hold a value. Undefined where it could not be counted in time, or at all. */
  readonly rows: number | undefined
  /** From the server's statistics. */
  readonly isEstimate: boolean
  /** Nothing of that name is there now. */
  readonly isMissing?: true
}

/** What is in a table or a column. */
export interface Content {
  /** Of a column, those that hold a value. Undefined where they may not be counted. */
  readonly rows: number | undefined
  /** There are more. */
  readonly isMore?: boolean
  /** Of a column, where a new name does not leave its id: equal for equal values. */
  readonly print?: string
}

/** Runs another program to its end; its output is text. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<ProgramResult>

export interface ProgramResult {
  /** `missing`: there is no such program on the PATH. */
  readonly end: 'ok' | 'failed' | 'missing'
  readonly stdout: string
  /** Its last words. */
  readonly message: string
}

export interface BackupContext {
  readonly url: DatabaseUrl
  readonly role: string | undefined
  readonly run: RunProgram
  readonly signal: AbortSignal
}

/** What a backup must hold to be one of this database. */
export interface BackupMark {
  readonly database: string
  /** As SessionFacts has it: `public.schema_migrations`. */
  readonly historyTable: string
  /** The newest row. */
  readonly newest: { readonly name: string; readonly checksum: string } | undefined
  /** What the database takes on disk, in bytes. */
  readonly bytes: number
}

export interface Backups {
  /** `dump` or `sqlite`. */
  readonly extension: string
  /** Programs that are needed: one that cannot be found is named. */
  missingProgram(context: BackupContext): Promise<string | undefined>
  /** Writes the file. Throws an Error that says why not. */
  write(context: BackupContext, file: string): Promise<void>
  /** Why the file is no backup of this database; undefined if it is one. */
  findFault(context: BackupContext, file: string, mark: BackupMark): Promise<string | undefined>
}

/** Where a copy goes. */
export interface CopyPlace {
  /** For files on the way. */
  readonly scratchDir: string
  /** An empty database, or a file that is not there yet. */
  openEmpty(): Promise<DatabaseUrl>
}

/** The part of a dialect that only `down` and rehearsals need; loaded with them. */
export interface Reverting {
  readonly backups: Backups
  /** A database with all that the context's one holds, which is not asked for while that is read. Throws an Error that says why not. */
  copyInto(context: BackupContext, place: CopyPlace): Promise<void>
  /** Of the downs of one plan, for `findLosses`. */
  createNames(): FormerNames
  /** By the names of before the first text that `names` has seen. */
  findLosses(statements: readonly ParsedStatement[], names?: FormerNames): Promise<readonly Loss[]>
  /** Every table, inside the transaction of the executor. */
  takeInventory(executor: Executor): Promise<readonly InventoryTable[]>
  /** The id of the table that a name means there. */
  findTable(executor: Executor, tables: readonly InventoryTable[], name: string): Promise<string | undefined>
  /** Nobody changes it any more until the end of the transaction. */
  look(executor: Executor, table: InventoryTable, column: string | undefined): Promise<Content>
}
