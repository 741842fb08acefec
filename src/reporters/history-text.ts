/** `slipway history` for a person: what ran, when, by whom, how long, on which version. Pure; the caller redacts and writes. */
import type { FailureRecord } from '../dialects/dialect.ts'
import type { HistoryRow } from '../plan/migration.ts'
import { countOf } from './count-of.ts'
import { formatDuration } from './format-time.ts'
import { createPaint, type Paint } from './paint.ts'
import { describeDatabase, joinGroups } from './result-lines.ts'
import type { HistoryResult, TextOptions } from './results.ts'
import { tableLines } from './table.ts'
import { oneLine } from './visible-text.ts'

export function historyText(result: HistoryResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const failures = result.failures ?? []
  if (result.rows.length === 0 && failures.length === 0)
    return `nothing has run on ${describeDatabase(result)} yet\n`
  return joinGroups([rowLines(result.rows, paint), failureLines(failures, paint)])
}

function rowLines(rows: readonly HistoryRow[], paint: Paint): string[] {
  const titles = ['migration', 'at', 'took', 'by', 'runner'].map((title) => paint('faint', title))
  const cells = rows.map((row) => [
    oneLine(row.name, 200),
    formatIso(row.appliedAt),
    formatDuration(row.durationMs),
    oneLine(row.appliedBy, 60),
    oneLine(row.runnerVersion, 40),
    describeState(row, paint),
  ])
  return rows.length === 0 ? [] : tableLines([titles, ...cells])
}

function describeState(row: HistoryRow, paint: Paint): string {
  switch (row.state) {
    case 'applied':
      return row.breaking ? paint('caution', 'breaking') : ''
    case 'skipped':
      return paint('faint', 'skipped')
    case 'started':
      return paint('bad', `unfinished, ${countOf(row.statementsDone, 'statement')} done`)
  }
}

function failureLines(failures: readonly FailureRecord[], paint: Paint): string[] {
  if (failures.length === 0) return []
  const cells = failures.map((failure) => [
    oneLine(failure.name, 200),
    formatIso(failure.at),
    paint('bad', oneLine(failure.error, 200)),
  ])
  return [paint('faint', 'failed attempts'), ...tableLines(cells)]
}

/** To the second; the milliseconds are in `--json`. */
function formatIso(instant: Date): string {
  return Number.isNaN(instant.getTime()) ? 'unknown time' : `${instant.toISOString().slice(0, 19)}Z`
}
