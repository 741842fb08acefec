/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The seam to a database. A dialect knows SQL, sockets and files of one database; it decides nothing about
 * order, retries or exit codes. Each method is one attempt.
 */
import type { DatabaseUrl } from '../config/url.ts'
import type { LockHolder } from '../events.ts'
import type { HistoryDigest } from '../plan/digest.ts'
import type { HistoryRow } from '../plan/migration.ts'
import type { ParsedStatement } from '../sql/statement.ts'
import type { Adoption, ForeignSnapshot, WantsTable } from './adoption.ts'
import type { Amendment, LogRecord } from './amendment.ts'
import type { Attempt, StepRecord, StepwiseAttempt } from './attempt.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { Fault } from './fault.ts'
import type { LockProbe } from './probe.ts'
import type { CountedLoss, Loss, Reverting } from './reverting.ts'
import type { SchemaDumpOptions } from './schema-dump.ts'
import type { ScratchDatabase } from './scratch.ts'
import type { Script } from './script.ts'
import type { TogetherBody, TogetherListener, TogetherPart } from './together.ts'
import type { Turns } from './turns.ts'

export type * from './attempt.ts'
export * from './fault.ts'
export type * from './long-work.ts'
export * from './outcomes.ts'
export type { TogetherBody, TogetherListener, TogetherPart } from './together.ts'
export type { Turns } from './turns.ts'

/** The kinds of database. */
export type DialectName = 'postgres' | 'sqlite'
/** A row by column; values as the database's driver gives them. */
export type Row = Record<string, unknown>

/** Sends one query with bound values. What a migration's `sql` and the checks run on. */
export interface Executor {
  /** `text` holds `$1`, `$2` … on PostgreSQL and `?` on SQLite; see `placeholder`. Without values it may hold several statements. */
  query(text: string, values: readonly unknown[]): Promise<Row[]>
}

/** What a migration may ask about the schema. Table-like names accept `schema.name`; see parseName in sql/quote.ts. */
export interface Checks {
  tableExists(table: string): Promise<boolean>
  columnExists(table: string, column: string): Promise<boolean>
  /** The type as the database prints it (`character varying(20)`), undefined where there is no such column. */
  columnType(table: string, column: string): Promise<string | undefined>
  /** True only for a valid index. With `like`, an index of that name with another definition is an error. */
  indexExists(index: string, options?: { readonly like?: string }): Promise<boolean>
  constraintExists(table: string, constraint: string, options?: { readonly like?: string }): Promise<boolean>
  enumExists(name: string): Promise<boolean>
  enumValueExists(name: string, value: string): Promise<boolean>
  viewExists(name: string): Promise<boolean>
  functionExists(name: string): Promise<boolean>
  triggerExists(table: string, trigger: string): Promise<boolean>
  extensionExists(name: string): Promise<boolean>
  schemaExists(name: string): Promise<boolean>
  sequenceExists(name: string): Promise<boolean>
  /** `where` is column → value; null matches null. */
  rowExists(table: string, where: Readonly<Record<string, unknown>>): Promise<boolean>
}

export interface ConnectOptions {
  /** Reading sessions cannot write: read-only transactions, a read-only file handle. */
  readonly intent: 'read' | 'write'
  readonly applicationName: string
  /** This one attempt ends within this time, whatever the peer does. */
  readonly attemptTimeoutMs: number
  readonly keepaliveMs: number
  readonly history: {
    readonly table: string
    readonly schema: string | undefined
    /** Wanted: SessionFacts.historyDigest. */
    readonly digest?: boolean | undefined
  }
  /** Whom to become before working; reading does so only where it must. Without effect on SQLite, as `readers`. */
  readonly role?: string | undefined
  /** Roles that may read the history; `public` in any letter case is everybody. */
  readonly readers?: readonly string[]
  /** What is known of a connection pooler in the path; without it, `auto`. */
  readonly pooler?: 'auto' | 'session' | 'transaction'
  readonly signal: AbortSignal
  /** Called when the login is over and only the first answer is waited for: there is time for something else. */
  readonly onLogin?: (() => void) | undefined
}

export interface SessionFacts {
  readonly serverVersion: string
  /** The database's own name, for messages. */
  readonly database: string
  /** The database's clock when the session began. */
  readonly now: Date
  /** Schema and table, ready for messages: `public.schema_migrations`. */
  readonly historyTable: string
  /** Where it is or would be; absent where there are no schemas. */
  readonly historySchema?: string
  /** Of several, the one that was reached: `db2:5432`. */
  readonly host?: string
  /** `TLSv1.3`, or `none` where the network may see it; absent within one machine. */
  readonly encryption?: string
  /** Told once in a run. */
  readonly warnings?: readonly { readonly code: string; readonly message: string }[]
  /** Of the history when the session began. Undefined if it was not wanted, is not there, or cannot be had so cheaply. */
  readonly historyDigest?: HistoryDigest | undefined
}

export interface HistorySnapshot {
  /** False: no history table yet, so nothing is applied. */
  readonly exists: boolean
  /** In order of `id`. */
  readonly rows: readonly HistoryRow[]
}

/** A failed run of a migration as the log table keeps it. */
export interface FailureRecord {
  readonly name: string
  readonly checksum: string
  readonly runId: string
  readonly at: Date
  readonly error: string
}

/** ONE connection: it holds the run lock and does all the work, so losing it loses both together. */
export interface Session extends AsyncDisposable {
  readonly facts: SessionFacts
  /** Once true, every call rejects with a session-lost fault; nothing reconnects. */
  readonly lost: boolean
  /** Reads in a read-only transaction, without any lock. Throws SlipwayError foreign-history, history-elsewhere. */
  readHistory(): Promise<HistorySnapshot>
  /** The stored text of one migration. */
  readSource(name: string): Promise<string | undefined>
  failuresSince(since: Date): Promise<readonly FailureRecord[]>
  /** All of it, oldest first; empty where there is no log table. */
  readLog(): Promise<readonly LogRecord[]>
  /** Everything about server or file that matters to a run; reads only. */
  examine(): Promise<readonly Diagnosis[]>
  /**
   * The schema as text, a line for each thing in it, sorted: the same for equal schemas, whatever the order of columns.
   * Without slipway's own tables.
   */
  readCatalogue(): Promise<string>
  /**
   * The schema as SQL that makes it in an empty database, in one transaction; without slipway's own tables. Reads only.
   * Throws program-missing, dump-failed.
   */
  dumpSchema(options: SchemaDumpOptions): Promise<string>
  /** Tries once and returns at once. */
  tryRunLock(): Promise<boolean>
  runLockHolder(): Promise<LockHolder | undefined>
  /**
   * Ends that session if it still holds the run lock; false if it does not. Absent where the database cannot end
   * another session. Throws privilege-missing.
   */
  endRunLockHolder?(holder: LockHolder): Promise<boolean>
  /** Sessions that hold up what this session waited for last; best effort. */
  blockers(attempt: Attempt): Promise<readonly LockHolder[]>
  releaseRunLock(): Promise<void>
  /** Undefined where a session can hold the run lock; else what to use in place of tryRunLock and the writing methods. */
  turns(): Promise<Turns | undefined>
  /** Creates or upgrades the history tables, and lets `readers` read them; under the run lock only. */
  ensureHistory(): Promise<void>
  applyInTransaction(attempt: Attempt): Promise<void>
  /** All of them commit at once, with their history rows; at least one part. */
  applyTogether(parts: readonly TogetherPart[], listener: TogetherListener): Promise<void>
  applyStepwise(attempt: StepwiseAttempt): Promise<void>
  recordSkipped(record: StepRecord): Promise<void>
  /** Marks a step whose transaction escaped as `started`; `reverts` as in Attempt. */
  recordStarted(record: StepRecord, reverts?: number): Promise<void>
  /** Each with its line in the log, all in one transaction; under the run lock only. */
  amendHistory(amendments: readonly Amendment[]): Promise<void>
  /** Tables of other tools, in whatever schema; reads only. */
  readForeign(wants: WantsTable): Promise<ForeignSnapshot>
  /** Creates the history where it is absent; under the run lock only. Throws transient when that table has changed. */
  adoptHistory(adoption: Adoption): Promise<void>
  recordFailure(record: StepRecord, error: string, statementsDone: number | undefined): Promise<void>
  /** A line in the log that is about no migration; none where there is no log table. */
  recordUnlock(record: StepRecord, detail: string): Promise<void>
  /** What is in what a down would take away; reads only. */
  countLosses(losses: readonly Loss[]): Promise<readonly CountedLoss[]>
  /** Who may write the history besides its owner, ourselves and superusers, as far as the database tells. */
  historyWriters(): Promise<readonly string[]>
  /** Bytes on disk. */
  databaseSize(): Promise<number>
  /** Stops the statement that runs now on the server; resolves when asked, not when stopped. */
  cancel(): Promise<void>
  /** Graceful where the connection still lives; never throws, never hangs. */
  close(): Promise<void>
}

export interface Dialect {
  readonly name: DialectName
  /** Connecting takes a network's time and changes nothing: it may begin before it is known to be needed. */
  readonly isRemote: boolean
  /** One attempt. Rejects with whatever the driver said; `explain` reads it. */
  connect(url: DatabaseUrl, options: ConnectOptions): Promise<Session>
  /**
   * Makes the database that the URL names, after connect was refused with `database-missing`; one attempt. `exists`:
   * another runner was faster. Absent where connecting makes it.
   */
  createDatabase?(url: DatabaseUrl, options: ConnectOptions): Promise<'created' | 'exists'>
  /**
   * A new and empty database on the server that the URL leads to, marked as ours; such databases that killed runs left
   * are dropped. Absent where one in memory does it. Throws privilege-missing.
   */
  createScratch?(url: DatabaseUrl, options: ConnectOptions): Promise<ScratchDatabase>
  /** For the database's own command line. */
  writeScript(script: Script): Promise<string>
  /** Absent where a lock is one on the whole database. `ours`: the history's tables, whose locks say nothing. */
  openLockProbe?(executor: Executor, ours: readonly string[]): Promise<LockProbe>
  /** What only `down` and rehearsals need. */
  loadReverting(): Promise<Reverting>
  explain(error: unknown): Fault
  /** Throws SqlSyntaxError. Offsets are relative to `text`. */
  parse(text: string): Promise<ParsedStatement[]>
  /** What one transaction cannot hold, by migration in the order of the run: `0002_use` → why. */
  refuseTogether(bodies: readonly TogetherBody[], serverVersion: string): Promise<ReadonlyMap<string, string>>
  placeholder(index: number): string
  quoteId(name: string): string
}
