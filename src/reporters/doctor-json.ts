/** `slipway doctor --json`. Field names are stable; fields may be added. */
import type { Diagnosis } from '../dialects/diagnosis.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'

export interface DoctorJson {
  /** No failure. */
  readonly ok: boolean
  readonly exitCode: number
  readonly database: string | null
  readonly dialect: string | null
  readonly serverVersion: string | null
  readonly historyTable: string | null
  readonly checks: readonly {
    readonly check: string
    readonly level: Diagnosis['level']
    readonly message: string
    readonly remedy: string | null
    /** Of a failure: see docs/errors.md. */
    readonly code: string | null
  }[]
}

export interface DoctorResult {
  readonly exitCode: number
  readonly checks: readonly Diagnosis[]
  readonly database?: string | undefined
  readonly dialect?: string | undefined
  readonly serverVersion?: string | undefined
  readonly historyTable?: string | undefined
}

export function doctorJson(result: DoctorResult): DoctorJson {
  const { exitCode, checks, database, dialect, serverVersion, historyTable } = result
  return {
    ok: exitCode === 0,
    exitCode,
    database: database ?? null,
    dialect: dialect ?? null,
    serverVersion: serverVersion ?? null,
    historyTable: historyTable ?? null,
    checks: checks.map(({ check, level, message, remedy, code }) => ({
      check,
      level,
      message,
      remedy: remedy === undefined ? null : withTypedFlags(remedy),
      code: code ?? null,
    })),
  }
}
