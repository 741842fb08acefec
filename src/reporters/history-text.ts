/** `slipway history` for a person: what ran, when, by whom, how long, on which version. Pure; the caller redacts and writes. */
import type { LogRecord } from '../dialects/amendment.ts'
import type { HistoryRow } from '../plan/migration.ts'
import { formatDuration } from '../text/format-time.ts'
import { oneLine } from '../text/visible-text.ts'
import { countOf } from './count-of.ts'
import { createPaint, type Paint } from './paint.ts'
import { describeDatabase, joinGroups } from './result-lines.ts'
import type { HistoryResult, TextOptions } from './results.ts'
import { tableLines } from './table.ts'

export function historyText(result: HistoryResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const log = result.log ?? []
  if (result.rows.length === 0 && log.length === 0)
    return `nothing has run on ${describeDatabase(result)} yet\n`
  return joinGroups([rowLines(result.rows, paint), logLines(log, paint)])
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
      return paint(
        'bad',
        `${row.reverting === true ? 'being reverted' : 'unfinished'}, ${countOf(row.statementsDone, 'statement')} done`,
      )
  }
}

/** The first characters of a run's id tell it from the others. */
const shortRun = 8

function logLines(log: readonly LogRecord[], paint: Paint): string[] {
  if (log.length === 0) return []
  const titles = ['event', 'at', 'migration', 'took', 'by', 'run'].map((title) => paint('faint', title))
  const cells = log.map((record) => [
    paint(record.event === 'failure' ? 'bad' : 'plain', oneLine(record.event, 20)),
    formatIso(record.at),
    oneLine(record.name, 200),
    record.durationMs === undefined ? '' : formatDuration(record.durationMs),
    oneLine(record.appliedBy, 60),
    oneLine(record.runId, 80).slice(0, shortRun),
    describeDetail(record, paint),
  ])
  return [paint('strong', 'log'), ...tableLines([titles, ...cells])]
}

function describeDetail({ event, detail, statementsDone }: LogRecord, paint: Paint): string {
  if (detail !== undefined) return paint(event === 'failure' ? 'bad' : 'faint', oneLine(detail, 200))
  const resumed =
    (event === 'resume' || event === 'revert') && statementsDone !== 0 && statementsDone !== undefined
  return resumed ? paint('faint', `after ${countOf(statementsDone, 'statement')}`) : ''
}

/** To the second; the milliseconds are in `--json`. */
function formatIso(instant: Date): string {
  return Number.isNaN(instant.getTime()) ? 'unknown time' : `${instant.toISOString().slice(0, 19)}Z`
}
