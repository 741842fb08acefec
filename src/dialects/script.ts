/** The words for SQL that somebody else is going to run. */
import type { ParsedStatement } from '../sql/statement.ts'
import type { StepRecord } from './dialect.ts'

/** One statement, or with `sql.raw` several, as it was sent. */
export interface ScriptStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Of a SQL migration. */
  readonly parsed?: ParsedStatement
  /** SQLite: of a transaction that the runner put around an operation, without enforcement of foreign keys. */
  readonly isFrame?: boolean
}

export interface ScriptStep {
  /** `skip` and `forget` run nothing: the row of a migration for another database comes, or goes. */
  readonly action: 'apply' | 'skip' | 'revert' | 'forget'
  /** Who applies it and in which run is up to the script. */
  readonly record: StepRecord
  readonly language: 'sql' | 'script'
  readonly transaction: boolean
  readonly statements: readonly ScriptStatement[]
  readonly ddlLockTimeoutMs: number
  /** 0: none. */
  readonly statementTimeoutMs: number
  /** SQLite, of a script: it drops a table that others refer to, so it runs without enforcement of foreign keys. */
  readonly dropsParent: boolean
  /** The migration that must be the newest one here. */
  readonly follows: string | undefined
}

export interface Script {
  /** Lines for its head, without comment marks. */
  readonly title: readonly string[]
  readonly history: {
    readonly table: string
    /** Undefined where there are no schemas. */
    readonly schema: string | undefined
    /** The script begins with making its tables. */
    readonly isNew: boolean
  }
  readonly role: string | undefined
  readonly searchPath: string | undefined
  /** Roles that may read the history. */
  readonly readers: readonly string[]
  readonly steps: readonly ScriptStep[]
}

/** What a script says of itself in history, where a run has an id of its own: the same files give the same script. */
export const scriptRunId = 'slipway sql'
