/** `slipway doctor` for a person: a line for each thing, its remedy below. Pure; the caller redacts and writes. */
import type { Diagnosis } from '../dialects/diagnosis.ts'
import { noRedaction } from '../redact.ts'
import { visibleText } from '../text/visible-text.ts'
import { countOf } from './count-of.ts'
import { createPaint, type Paint, type Tone } from './paint.ts'
import { nextLine } from './pretty-error.ts'
import { joinGroups } from './result-lines.ts'
import type { TextOptions } from './results.ts'
import { padToWidth, textWidth } from './text-width.ts'

export function doctorText(checks: readonly Diagnosis[], { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const width = Math.max(0, ...checks.map(({ check }) => textWidth(check)))
  return joinGroups([checks.flatMap((each) => checkLines(each, width, paint)), [verdictLine(checks, paint)]])
}

const marks: Record<Diagnosis['level'], { readonly sign: string; readonly tone: Tone }> = {
  ok: { sign: '✓', tone: 'good' },
  warn: { sign: '!', tone: 'caution' },
  fail: { sign: '✗', tone: 'bad' },
}

function checkLines({ check, level, message, remedy }: Diagnosis, width: number, paint: Paint): string[] {
  const { sign, tone } = marks[level]
  const margin = ' '.repeat(width + 4)
  const body = visibleText(message).trimEnd().replaceAll('\n', `\n${margin}`)
  const text = level === 'ok' ? body : paint(tone, body)
  const line = `${paint(tone, sign)} ${padToWidth(check, width)}  ${text}`
  if (remedy === undefined) return [line]
  return [line, `${margin}${nextLine(remedy, { paint, redact: noRedaction, debug: false })}`]
}

function verdictLine(checks: readonly Diagnosis[], paint: Paint): string {
  const count = (level: Diagnosis['level']) => checks.filter((each) => each.level === level).length
  const [fails, warnings] = [count('fail'), count('warn')]
  const rest = warnings === 0 ? '' : `, ${countOf(warnings, 'warning')}`
  if (fails > 0) return paint('bad', `${countOf(fails, 'failure')}${rest}: slipway up cannot work like this`)
  return warnings > 0 ? paint('caution', `no failure${rest}`) : paint('good', 'all is well')
}
