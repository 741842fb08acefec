/** `slipway down --json`. Field names are stable; fields may be added. */
import type { DownSurvey } from '../engine/down.ts'
import { maskPasswords } from '../sql/mask-passwords.ts'
import type { SlipwayError } from '../errors.ts'
import type { DownResult } from './down-text.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import type { DatabaseFacts } from './results.ts'

export interface DownJson extends DatabaseFacts {
  readonly dryRun: boolean
  /** Before anything was reverted. */
  readonly applied: number
  /** In the order in which they go. */
  readonly steps: readonly {
    readonly name: string
    readonly checksum: string
    readonly origin: 'file' | 'history' | 'nothing'
    readonly transaction: boolean
    /** null: a script. */
    readonly statements: readonly string[] | null
    readonly losses: readonly {
      readonly kind: string
      readonly what: string
      readonly rows: number | null
      readonly estimate: boolean
    }[]
    readonly reverted: boolean
  }[]
  readonly backup: string | null
  readonly exitCode: number
  readonly error?: ErrorFields
}

export interface DownEnding {
  readonly dryRun: boolean
  readonly reverted: readonly string[]
  readonly backup: string | undefined
  readonly exitCode: number
  readonly error?: SlipwayError | undefined
}

export function downJson({ survey, ...facts }: DownResult, ending: DownEnding): DownJson {
  const { error } = ending
  return {
    database: facts.database,
    dialect: facts.dialect,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    dryRun: ending.dryRun,
    applied: survey.applied,
    steps: survey.steps.map((step) => stepJson(survey, step, ending.reverted)),
    backup: ending.backup ?? null,
    exitCode: ending.exitCode,
    ...(error === undefined ? {} : { error: toErrorFields(error, { stack: false }) }),
  }
}

function stepJson(
  { downs, losses }: DownSurvey,
  { name, history, origin }: DownSurvey['steps'][number],
  reverted: readonly string[],
): DownJson['steps'][number] {
  const down = downs.get(name)
  return {
    name,
    checksum: history.checksum,
    origin,
    transaction: down?.options.transaction ?? true,
    statements: statementsOf(down),
    losses: losses
      .filter(({ migration }) => migration === name)
      .map(({ kind, what, rows, isEstimate }) => ({ kind, what, rows: rows ?? null, estimate: isEstimate })),
    reverted: reverted.includes(name),
  }
}

function statementsOf(down: ReturnType<DownSurvey['downs']['get']>): string[] | null {
  if (down === undefined) return []
  return down.body.kind === 'sql' ? down.body.statements.map(({ text }) => maskPasswords(text)) : null
}
