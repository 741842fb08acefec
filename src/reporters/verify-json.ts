/** `slipway verify --json`. Field names are stable; fields may be added. */
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import type { DatabaseFacts, ResultWarning, VerifyResult } from './results.ts'

export interface VerifyJson extends DatabaseFacts {
  /** No refusal. */
  readonly ok: boolean
  readonly checked: number
  readonly pending: readonly string[]
  readonly ahead: readonly string[]
  readonly refusals: readonly ErrorFields[]
  readonly warnings: readonly ResultWarning[]
}

export function verifyJson(result: VerifyResult): VerifyJson {
  const { database, dialect, serverVersion, historyTable, checked, pending, ahead, refusals, warnings } =
    result
  return {
    database,
    dialect,
    serverVersion,
    historyTable,
    ok: refusals.length === 0,
    checked,
    pending,
    ahead,
    refusals: refusals.map((refusal) => toErrorFields(refusal, { stack: false })),
    warnings,
  }
}
