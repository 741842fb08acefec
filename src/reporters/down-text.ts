/** What `down` would revert and lose, for a person. Pure; the caller redacts and writes. */
import type { DownSurvey } from '../engine/down.ts'
import { describeLoss } from '../engine/down-losses.ts'
import { maskPasswords } from '../sql/mask-passwords.ts'
import { oneLine } from '../text/visible-text.ts'
import { countOf } from './count-of.ts'
import { createPaint, type Paint } from './paint.ts'
import { describeDatabase, joinGroups } from './result-lines.ts'
import type { DatabaseFacts, TextOptions } from './results.ts'

export interface DownResult extends DatabaseFacts {
  readonly survey: DownSurvey
}

/** Statements of one down that are shown, and characters of each. */
const mostShown = 10
const widest = 160

export function downText(result: DownResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const { steps, applied } = result.survey
  const where = describeDatabase(result)
  if (steps.length === 0) return `nothing to revert: ${applied} applied on ${where}\n`
  return joinGroups([
    [`${countOf(steps.length, 'migration')} to revert, ${applied} applied on ${where}`],
    steps.flatMap((_, index) => stepLines(result.survey, index, paint)),
  ])
}

function stepLines({ steps, downs, losses }: DownSurvey, index: number, paint: Paint): string[] {
  const step = steps[index]
  if (step === undefined) return []
  const down = downs.get(step.name)
  const place = `${String(index + 1).padStart(String(steps.length).length + 2)}.`
  const modes = [
    ...(step.history.reverting === true
      ? [`goes on after ${countDone(step.history.statementsDone, down?.body.kind)}`]
      : []),
    down === undefined
      ? 'recorded as skipped, nothing to run'
      : down.options.transaction
        ? 'in a transaction'
        : paint('caution', 'outside a transaction'),
    ...(step.origin === 'history' ? ['from the text in history'] : []),
  ]
  return [
    `${place} ${oneLine(step.name, 200)}  ${paint('faint', modes.join(', '))}`,
    ...sqlLines(down).map((line) => `       ${paint('faint', line)}`),
    ...losses
      .filter(({ migration }) => migration === step.name)
      .map(
        (loss) =>
          `     ${paint(loss.rows === 0 ? 'faint' : 'caution', `! ${oneLine(describeLoss(loss), 300)}`)}`,
      ),
  ]
}

/** Of a script, its backfills count. */
function countDone(count: number, kind: 'sql' | 'code' | undefined): string {
  return kind === 'code' ? `${count} ${count === 1 ? 'batch' : 'batches'}` : countOf(count, 'statement')
}

function sqlLines(down: ReturnType<DownSurvey['downs']['get']>): string[] {
  if (down?.body.kind !== 'sql') return []
  const { statements } = down.body
  const shown = statements
    .slice(0, mostShown)
    .map(({ text }) => `${oneLine(maskPasswords(text).replace(/\s+/g, ' '), widest)};`)
  const more = statements.length - shown.length
  return more > 0 ? [...shown, `… ${countOf(more, 'more statement')}`] : shown
}
