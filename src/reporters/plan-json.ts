/** `slipway up --dry-run --json`. Field names are stable; fields may be added. */
import type { PlanResult } from './results.ts'

export type PlanJson = PlanResult

export function planJson(result: PlanResult): PlanJson {
  const { database, dialect, serverVersion, historyTable, applied, steps, ahead, warnings } = result
  return {
    database,
    dialect,
    serverVersion,
    historyTable,
    applied,
    steps: steps.map(({ name, action, transaction }) => ({ name, action, transaction })),
    ahead,
    warnings,
  }
}
