/** The library, and the types a migration file is written with: `import type { Migration } from 'slipway'`. */

export type { SlipwayConfig } from './config/config-type.ts'
export type {
  HookCommand,
  HookConfig,
  HookFacts,
  HookFunction,
  HookName,
  HookRun,
  HooksConfig,
} from './config/hook.ts'
export type { LogRecord } from './dialects/amendment.ts'
export type { Checks, DialectName, Row } from './dialects/dialect.ts'
export type {
  CheckSpec,
  ColumnChange,
  ColumnReference,
  ColumnSpec,
  ColumnType,
  DefaultValue,
  ForeignKeyOptions,
  ForeignKeyTarget,
  IndexColumn,
  IndexOptions,
  Operations,
  ReferentialAction,
  TableSpec,
} from './dialects/operations.ts'
export type { MigrationContext } from './engine/context/context.ts'
export type {
  BackfillOptions,
  BackfillResult,
  ConcurrentIndexOptions,
  RowChanges,
} from './engine/context/long-options.ts'
export type { LongOperations } from './engine/context/long-work.ts'
export type { Sql, SqlQuery } from './engine/context/sql.ts'
export type { Fragment } from './engine/context/template.ts'
export type { ErrorCode, ExitCode } from './error-table.ts'
export { type ErrorFacts, type RunProgress, SlipwayError, type SourceLocation } from './errors.ts'
export type {
  AmendAction,
  HappenedEvent,
  Listener,
  LockHolder,
  PlannedStep,
  RunEvent,
  RunOutcome,
  StepAction,
  TenantsOutcome,
} from './events.ts'
export type { SlipwayConfigInput } from './files/config-file.ts'
export { createMigrator, type Migrator } from './library/migrator.ts'
export type { MigratorOptions } from './library/options.ts'
export type {
  DownOptions,
  HistoryOptions,
  StampOptions,
  UpOptions,
  VerbOptions,
  WaitOptions,
} from './library/requests.ts'
export type { DownResult, RunResult, StampResult, Verification } from './library/results.ts'
export type { HistoryRow, HistoryState, MigrationState } from './plan/migration.ts'
export type {
  DatabaseFacts,
  HistoryResult,
  MigrationStatus,
  PlanResult,
  ResultWarning,
  StatusResult,
  VerifyResult,
} from './reporters/results.ts'
export type { TemplateArguments } from './templates/parameters.ts'
export {
  type RenderedTemplate,
  type RenderOptions,
  renderTemplate,
  type TemplateForm,
} from './templates/render.ts'

import type { MigrationContext } from './engine/context/context.ts'

/**
 * One direction of a migration. Every query must be awaited.
 * @example export const up: Migration = async ({ sql }) => { await sql`alter table users add column email text` }
 */
export type Migration = (context: MigrationContext) => Promise<void> | void

/** What a file declares about itself: `export const options: MigrationOptions = { … }`. Durations: `500ms`, `30s`, `5m`, `1h`, `0`. */
export interface MigrationOptions {
  /** Default true. False: statements commit one by one, as `create index concurrently` needs. */
  readonly transaction?: boolean
  /** With `transaction: false`: it may simply be run again after an interruption. */
  readonly resumable?: boolean
  /** An older image must not run against the result. */
  readonly breaking?: boolean
  /** May be applied although newer ones already are. */
  readonly outOfOrder?: boolean
  /** Names that must be applied before it; checked, never a reason to reorder. */
  readonly dependsOn?: readonly string[]
  /** Elsewhere it is skipped, and recorded as skipped. */
  readonly dialects?: readonly ('postgres' | 'sqlite')[]
  /** Instead of SLIPWAY_DDL_LOCK_TIMEOUT. */
  readonly ddlLockTimeout?: string
  /** Instead of SLIPWAY_STATEMENT_TIMEOUT. */
  readonly statementTimeout?: string
}
