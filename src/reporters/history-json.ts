/** `slipway history --json`. Field names are stable; fields may be added. */
import type { HistoryState } from '../plan/migration.ts'
import type { DatabaseFacts, HistoryResult } from './results.ts'

export interface HistoryJson extends DatabaseFacts {
  /** In order of application; `appliedAt` is ISO 8601 in UTC. */
  readonly migrations: readonly {
    readonly id: number
    readonly name: string
    readonly state: HistoryState
    readonly checksum: string
    readonly appliedAt: string
    readonly durationMs: number
    readonly appliedBy: string
    readonly runnerVersion: string
    readonly runId: string
    readonly statementsDone: number
    readonly breaking: boolean
  }[]
  /** Empty unless failed attempts were asked for. */
  readonly failures: readonly {
    readonly name: string
    readonly checksum: string
    readonly runId: string
    readonly at: string
    readonly error: string
  }[]
}

export function historyJson(result: HistoryResult): HistoryJson {
  const { database, dialect, serverVersion, historyTable, rows, failures = [] } = result
  return {
    database,
    dialect,
    serverVersion,
    historyTable,
    migrations: rows.map((row) => ({
      id: row.id,
      name: row.name,
      state: row.state,
      checksum: row.checksum,
      appliedAt: row.appliedAt.toISOString(),
      durationMs: row.durationMs,
      appliedBy: row.appliedBy,
      runnerVersion: row.runnerVersion,
      runId: row.runId,
      statementsDone: row.statementsDone,
      breaking: row.breaking,
    })),
    failures: failures.map(({ name, checksum, runId, at, error }) => ({
      name,
      checksum,
      runId,
      at: at.toISOString(),
      error,
    })),
  }
}
