/** What the reading verbs found, as they hand it to the printers of `*-text.ts` and `*-json.ts`. */
import type { SurveyedSetting } from '../config/survey-settings.ts'
import type { LogRecord } from '../dialects/amendment.ts'
import type { SlipwayError } from '../errors.ts'
import type { PlannedStep } from '../events.ts'
import type { HistoryRow, MigrationState } from '../plan/migration.ts'

/** Which database it was. */
export interface DatabaseFacts {
  /** As shown to people: no password. */
  readonly database: string
  readonly dialect: string
  readonly serverVersion: string
  /** Schema and table: `public.schema_migrations`. */
  readonly historyTable: string
}

/** What speaks against nothing and is worth a look. */
export interface ResultWarning {
  readonly code: string
  readonly message: string
}

/** One migration, and what became of it. */
export interface MigrationStatus {
  readonly name: string
  readonly state: MigrationState
  readonly appliedAt?: Date | undefined
  readonly durationMs?: number | undefined
  /** `namespace/pod@node`, or `user@host`. */
  readonly appliedBy?: string | undefined
}

/** Files and history, side by side. */
export interface StatusResult extends DatabaseFacts {
  /** The newest applied migration. */
  readonly current?: string | undefined
  /** The newest migration in the folder. */
  readonly head?: string | undefined
  /** In the order in which they would be applied. */
  readonly migrations: readonly MigrationStatus[]
  /** Why `up` would refuse. */
  readonly refusals: readonly SlipwayError[]
  readonly warnings: readonly ResultWarning[]
}

/** What ran. */
export interface HistoryResult extends DatabaseFacts {
  /** In order of application. */
  readonly rows: readonly HistoryRow[]
  /** Everything that was done, where it was asked for; oldest first. */
  readonly log?: readonly LogRecord[] | undefined
}

/** What `up` would do. */
export interface PlanResult extends DatabaseFacts {
  /** How many are applied already. */
  readonly applied: number
  /** In their order. */
  readonly steps: readonly PlannedStep[]
  /** Names that the database has and this folder does not: of a newer image. */
  readonly ahead: readonly string[]
  /** All in one transaction. */
  readonly together?: boolean
  readonly warnings: readonly ResultWarning[]
}

/** Files against history, every file hashed. */
export interface VerifyResult extends DatabaseFacts {
  /** Applied migrations whose file was hashed and compared. */
  readonly checked: number
  readonly pending: readonly string[]
  readonly ahead: readonly string[]
  readonly refusals: readonly SlipwayError[]
  readonly warnings: readonly ResultWarning[]
}

export interface ConfigResult {
  readonly files: readonly string[]
  readonly settings: readonly SurveyedSetting[]
  /** Of the config file, then of settings. */
  readonly problems: readonly SlipwayError[]
  readonly warnings: readonly ResultWarning[]
}

export interface TextOptions {
  readonly colors: boolean
}
