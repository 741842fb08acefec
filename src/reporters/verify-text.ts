/** `slipway verify` for a person: files against history. Pure; the caller redacts and writes. */
import { countOf } from './count-of.ts'
import { describeAhead } from './describe-event.ts'
import { createPaint, type Paint } from './paint.ts'
import { describeDatabase, joinGroups, refusalLines, warningLines } from './result-lines.ts'
import type { TextOptions, VerifyResult } from './results.ts'

export function verifyText(result: VerifyResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const ahead = result.ahead.length === 0 ? [] : [paint('caution', `! ${describeAhead(result.ahead)}`)]
  return joinGroups([
    [headline(result, paint)],
    [...ahead, ...warningLines(result.warnings, paint)],
    refusalLines(result.refusals, paint),
  ])
}

function headline(result: VerifyResult, paint: Paint): string {
  const where = `on ${describeDatabase(result)}`
  const pending = result.pending.length === 0 ? '' : `; ${result.pending.length} pending`
  const hashed = `${countOf(result.checked, 'applied file')} hashed`
  if (result.refusals.length > 0)
    return `${paint('bad', '✗')} files and history disagree ${where}: ${hashed}${pending}`
  return `${paint('good', '✓')} files and history agree ${where}: ${hashed}${pending}`
}
