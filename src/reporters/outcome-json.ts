/** How a run ended, as plain data: the body of `--report` and of the `run-finished` line. */
import type { RunOutcome, TenantsOutcome } from '../events.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'

export interface OutcomeJson {
  readonly runId: string
  readonly verb: string
  readonly exitCode: number
  readonly durationMs: number
  /** Names, in the order of the run. */
  readonly applied: readonly string[]
  readonly skipped: readonly string[]
  /** Only of a down. */
  readonly reverted?: readonly string[] | undefined
  readonly pending: readonly string[]
  readonly ahead: readonly string[]
  readonly error?: ErrorFields | undefined
  /** Only of a run over many: how many of each. Those that failed are the reasons of `error`. */
  readonly tenants?: TenantCounts | undefined
}

export function outcomeJson(outcome: RunOutcome, options = { stack: false }): OutcomeJson {
  const { runId, verb, exitCode, durationMs, applied, skipped, reverted, pending, ahead, error, tenants } =
    outcome
  return {
    runId,
    verb,
    exitCode,
    durationMs,
    applied,
    skipped,
    reverted,
    pending,
    ahead,
    error: error === undefined ? undefined : toErrorFields(error, options),
    tenants: tenants === undefined ? undefined : countTenants(tenants),
  }
}

export interface TenantCounts {
  readonly migrated: number
  readonly upToDate: number
  readonly failed: number
  readonly notDone: number
}

export function countTenants({ migrated, upToDate, failed, notDone }: TenantsOutcome): TenantCounts {
  return {
    migrated: migrated.length,
    upToDate: upToDate.length,
    failed: failed.length,
    notDone: notDone.length,
  }
}
