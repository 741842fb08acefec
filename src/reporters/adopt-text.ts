/** What `adopt` would do, file by file, for a person. Pure; the caller redacts and writes. */
import { oneLine } from '../text/visible-text.ts'
import { type AdoptedFile, type AdoptResult, describeAction } from './adopt-result.ts'
import { countOf } from './count-of.ts'
import { createPaint, type Paint } from './paint.ts'
import { describeDatabase, joinGroups, refusalLines, warningLines } from './result-lines.ts'
import type { TextOptions } from './results.ts'
import { tableLines } from './table.ts'

export function adoptText(result: AdoptResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const { tool, table, files, movedTo, historyTable, problems, warnings } = result
  const head = `${tool} (${table}) on ${describeDatabase(result)}, into ${historyTable}`
  const fresh = files.filter(({ action }) => action === 'record')
  const old = files.filter(({ action }) => action === 'recorded')
  const sums = [
    `${countOf(fresh.length, 'migration')} to record as applied, without running`,
    ...(old.length === 0 ? [] : [`${old.length} recorded already`]),
  ]
  const moved =
    movedTo === undefined
      ? []
      : [
          `${table} becomes ${movedTo}: its name is slipway's from then on, and ${tool} stops working on this database`,
        ]
  return joinGroups([
    [head],
    tableLines(files.map((file) => cells(file, paint))),
    moved,
    warningLines(warnings, paint),
    problems.length === 0
      ? [isNothing(result) ? `nothing to do: ${sums.join(', ')}` : sums.join(', ')]
      : refusalLines(problems, paint),
  ])
}

export function isNothing({ files, movedTo }: Pick<AdoptResult, 'files' | 'movedTo'>): boolean {
  return (
    movedTo === undefined && files.every(({ action, change }) => action !== 'record' && change === 'none')
  )
}

function cells(file: AdoptedFile, paint: Paint): string[] {
  const text = describeAction(file)
  return [
    `  ${oneLine(file.row ?? '-', 60)}`,
    oneLine(file.path ?? '-', 120),
    file.action === 'record' ? text : paint(file.action === 'missing' ? 'caution' : 'faint', text),
  ]
}
