/** What `stamp` would record, for a person. Pure; the caller redacts and writes. */

import { oneLine } from '../text/visible-text.ts'
import { countOf } from './count-of.ts'
import { createPaint } from './paint.ts'
import { describeDatabase, joinGroups } from './result-lines.ts'
import type { DatabaseFacts, TextOptions } from './results.ts'
import { tableLines } from './table.ts'

export interface StampResult extends DatabaseFacts {
  readonly recorded: number
  readonly steps: readonly { readonly name: string; readonly state: 'applied' | 'skipped' }[]
}

export function stampText(result: StampResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const where = `${describeDatabase(result)}, in ${result.historyTable}`
  if (result.steps.length === 0)
    return `nothing to record on ${where}: ${countOf(result.recorded, 'migration')} recorded already`
  const names = result.steps.map(({ name, state }) => [
    `  ${oneLine(name, 200)}`,
    state === 'skipped' ? paint('faint', 'as skipped: not for this kind of database') : '',
  ])
  const count = countOf(result.steps.length, 'migration')
  return joinGroups([[`${count} to record as applied, without running, on ${where}`], tableLines(names)])
}
