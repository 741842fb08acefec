/** The types a migration file is written with: `import type { Migration } from 'slipway'`; and templates as texts. */

export type { SlipwayConfig } from './config/config-type.ts'
export type { Checks, DialectName, Row } from './dialects/dialect.ts'
export type { MigrationContext } from './engine/context/context.ts'
export type { Sql, SqlQuery } from './engine/context/sql.ts'
export type { Fragment } from './engine/context/template.ts'
export type { SlipwayConfigInput } from './files/config-file.ts'
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
