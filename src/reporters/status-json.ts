/** `slipway status --json`. Field names are stable; fields may be added. */
import type { MigrationState } from '../plan/migration.ts'
import { countStates } from './count-states.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import type { DatabaseFacts, ResultWarning, StatusResult } from './results.ts'

export interface StatusJson extends DatabaseFacts {
  readonly current: string | null
  readonly head: string | null
  /** Every state, also with 0. */
  readonly counts: Readonly<Record<MigrationState, number>>
  /** All of them, in order; `appliedAt` is ISO 8601 in UTC. */
  readonly migrations: readonly {
    readonly name: string
    readonly state: MigrationState
    readonly appliedAt: string | null
    readonly durationMs: number | null
    readonly appliedBy: string | null
  }[]
  readonly refusals: readonly ErrorFields[]
  readonly warnings: readonly ResultWarning[]
}

export function statusJson(result: StatusResult): StatusJson {
  const { database, dialect, serverVersion, historyTable, current, head, migrations, warnings } = result
  return {
    database,
    dialect,
    serverVersion,
    historyTable,
    current: current ?? null,
    head: head ?? null,
    counts: countStates(migrations),
    migrations: migrations.map(({ name, state, appliedAt, durationMs, appliedBy }) => ({
      name,
      state,
      appliedAt: appliedAt?.toISOString() ?? null,
      durationMs: durationMs ?? null,
      appliedBy: appliedBy ?? null,
    })),
    refusals: result.refusals.map((refusal) => toErrorFields(refusal, { stack: false })),
    warnings,
  }
}
