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
    /** Only where its down did not finish; `statementsDone` is about that. */
    readonly reverting?: true
  }[]
  /** Empty unless failed attempts were asked for. */
  readonly failures: readonly {
    readonly name: string
    readonly checksum: string
    readonly runId: string
    readonly at: string
    readonly error: string
  }[]
  /** The whole log, oldest first; empty unless it was asked for. */
  readonly log: readonly {
    readonly id: number
    readonly at: string
    readonly event: string
    /** Null where the event is about no migration. */
    readonly name: string | null
    readonly checksum: string | null
    readonly statementsDone: number | null
    readonly durationMs: number | null
    readonly appliedBy: string
    readonly runnerVersion: string
    readonly runId: string
    /** Of a failure its error; of a stamp, repair or unlock what was done. */
    readonly detail: string | null
  }[]
}

export function historyJson(result: HistoryResult): HistoryJson {
  const { database, dialect, serverVersion, historyTable, rows, log = [] } = result
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
      ...(row.reverting === true ? { reverting: true as const } : {}),
    })),
    failures: log
      .filter(({ event }) => event === 'failure')
      .map(({ name, checksum, runId, at, detail }) => ({
        name,
        checksum,
        runId,
        at: at.toISOString(),
        error: detail ?? '',
      })),
    log: log.map((record) => ({
      id: record.id,
      at: record.at.toISOString(),
      event: record.event,
      name: record.name === '' ? null : record.name,
      checksum: record.checksum === '' ? null : record.checksum,
      statementsDone: record.statementsDone ?? null,
      durationMs: record.durationMs ?? null,
      appliedBy: record.appliedBy,
      runnerVersion: record.runnerVersion,
      runId: record.runId,
      detail: record.detail ?? null,
    })),
  }
}
