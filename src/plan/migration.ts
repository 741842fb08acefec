/** The nouns of planning: what a migration is in a folder, and what history says of it. */

/** How a name's leading digits are read: see name.ts. */
export interface Version {
  readonly kind: 'sequence' | 'timestamp'
  /** The digits as written, separators kept: `0001`, `2026_01_31`, `20260131120000`. */
  readonly text: string
  /** Digits that compare correctly within one kind (timestamps right-padded to 17, sequences left-padded). */
  readonly key: string
}

export type Language = 'typescript' | 'javascript' | 'sql'

/** One file on disk, as read. `path` is absolute; `shown` is how messages name it (relative to the working directory). */
export interface SourceFile {
  readonly path: string
  readonly shown: string
  /** Normalised text: BOM removed, CRLF as LF. */
  readonly text: string
}

/** A migration found in the folder, before anything of it is imported or parsed. */
export interface MigrationFile {
  /** The identity: file name without extension (and without `.up`), or the folder's name. */
  readonly name: string
  readonly version: Version
  readonly slug: string
  readonly language: Language
  /** The script, the single SQL file, or the up half of a pair or folder. */
  readonly up: SourceFile
  /** The down half of a pair or folder. A single SQL file keeps its down section inside `up`. */
  readonly down?: SourceFile
  /** What is hashed and stored: the text of the file; a pair as one text, see `pairSource` in checksum.ts. */
  readonly source: string
  /** `sha256-v1:` + 64 hex digits of `source`. */
  readonly checksum: string
}

/** What a migration may declare about itself. Times are milliseconds here; files write durations such as `500ms`. */
export interface DeclaredOptions {
  readonly transaction: boolean
  readonly resumable: boolean
  readonly breaking: boolean
  readonly outOfOrder: boolean
  readonly dependsOn: readonly string[]
  /** undefined: every dialect. */
  readonly dialects?: readonly ('postgres' | 'sqlite')[]
  readonly ddlLockTimeoutMs?: number
  readonly statementTimeoutMs?: number
}

export const defaultOptions: DeclaredOptions = {
  transaction: true,
  resumable: false,
  breaking: false,
  outOfOrder: false,
  dependsOn: [],
}

/** What the history table says of a migration; `started`: it runs without a transaction and has not finished. */
export type HistoryState = 'applied' | 'started' | 'skipped'

/** One row of the history table. `id` is the order of application. */
export interface HistoryRow {
  readonly id: number
  readonly name: string
  readonly checksum: string
  readonly appliedAt: Date
  readonly durationMs: number
  readonly appliedBy: string
  readonly runnerVersion: string
  readonly runId: string
  readonly state: HistoryState
  /** Statements of a non-transactional SQL migration known to be done; where it is being reverted, of its down. */
  readonly statementsDone: number
  /** `started`, but downwards: its down was begun outside a transaction and did not finish. */
  readonly reverting?: true
  readonly breaking: boolean
}

/** What status shows for each migration. `archived`: applied, its file is in old/ or a baseline stands for it. */
export type MigrationState =
  | 'applied'
  | 'pending'
  | 'skipped'
  | 'changed'
  | 'missing'
  | 'ahead'
  | 'late'
  | 'unfinished'
  | 'archived'
