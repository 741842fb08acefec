/** `slipway up --rehearse` for a person. Pure; the caller redacts and writes. */
import type { Rehearsal, RehearsedStatement } from '../engine/rehearse.ts'
import { maskPasswords } from '../sql/mask-passwords.ts'
import { formatDuration } from '../text/format-time.ts'
import { visibleText } from '../text/visible-text.ts'
import { createPaint, type Paint } from './paint.ts'
import { joinGroups } from './result-lines.ts'
import { tableLines } from './table.ts'

export function rehearsalText(
  { steps, copyMs }: Rehearsal,
  { database, colors }: { readonly database: string; readonly colors: boolean },
): string {
  if (steps.length === 0) return `nothing is pending on ${database}`
  const paint = createPaint(colors)
  const count = steps.length === 1 ? '1 migration' : `${steps.length} migrations`
  return joinGroups([
    [`${count} rehearsed in a copy of ${database}, made in ${formatDuration(copyMs)}`],
    ...steps.map(({ name, durationMs, statements }) => [
      `${paint('strong', name)} ${formatDuration(durationMs)}`,
      ...tableLines(statements.map((statement) => row(statement, paint))),
    ]),
    ['nothing was changed'],
  ])
}

function row({ text, durationMs, lock }: RehearsedStatement, paint: Paint): string[] {
  const shown = lock === undefined ? 'no lock' : `${lock.mode} on ${lock.table}`
  const tone = lock?.mode === 'AccessExclusiveLock' ? 'caution' : 'plain'
  return [`  ${formatDuration(durationMs)}`, paint(tone, shown), firstLine(text)]
}

function firstLine(text: string): string {
  const [first = ''] = maskPasswords(text.trim()).split('\n')
  const line = visibleText(first)
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}
