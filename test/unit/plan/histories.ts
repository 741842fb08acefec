/** Files and rows in short, for tables of planning. */
import { checksumOf } from '../../../src/plan/checksum.ts'
import {
  type DeclaredOptions,
  defaultOptions,
  type HistoryRow,
  type MigrationFile,
} from '../../../src/plan/migration.ts'
import { parseMigrationName } from '../../../src/plan/name.ts'
import type { PlanInput } from '../../../src/plan/plan.ts'

export interface Situation {
  /** Names, or names with the text that is in the file now. */
  readonly files: readonly (
    | string
    | { readonly name: string; readonly text?: string; readonly options?: Partial<DeclaredOptions> }
  )[]
  /** Names, or names with what their rows have beyond the usual. */
  readonly history?: readonly (string | (Partial<HistoryRow> & { readonly name: string }))[]
  readonly archived?: readonly string[]
}

/** Every text is `select 1` unless it is told otherwise, and history has that text's checksum. */
export function inputOf({ files, history = [], archived = [] }: Situation): PlanInput {
  const specs = files.map((file) => (typeof file === 'string' ? { name: file } : file))
  return {
    files: specs.map((spec) => fileOf(spec.name, 'text' in spec ? spec.text : undefined)),
    archived: new Set(archived),
    options: new Map(
      specs.map((spec) => [spec.name, { ...defaultOptions, ...('options' in spec ? spec.options : {}) }]),
    ),
    applied: history.map((row, index) => rowOf(index + 1, typeof row === 'string' ? { name: row } : row)),
    request: {
      outOfOrder: 'error',
      onAhead: 'allow',
      now: new Date('2026-06-15T12:00:00Z'),
      dialect: 'postgres',
    },
  }
}

export function fileOf(name: string, text = 'select 1'): MigrationFile {
  const parsed = parseMigrationName(name)
  if (parsed === undefined) throw new Error(`no version in ${name}`)
  const up = { path: `/m/${name}.sql`, shown: `m/${name}.sql`, text }
  return { name, ...parsed, language: 'sql', up, source: text, checksum: checksumOf(text) }
}

export function rowOf(id: number, extra: Partial<HistoryRow> & { readonly name: string }): HistoryRow {
  return {
    id,
    checksum: checksumOf('select 1'),
    appliedAt: new Date('2026-06-01T00:00:00Z'),
    durationMs: 1,
    appliedBy: 'someone',
    runnerVersion: '0',
    runId: 'run',
    state: 'applied',
    statementsDone: 0,
    breaking: false,
    ...extra,
  }
}
