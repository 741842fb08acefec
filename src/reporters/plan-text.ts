/** `slipway up --dry-run` for a person. Pure; the caller redacts and writes. */
import type { PlannedStep } from '../events.ts'
import { describeAhead } from './describe-event.ts'
import { createPaint, type Paint } from './paint.ts'
import { describeDatabase, joinGroups, warningLines } from './result-lines.ts'
import type { PlanResult, TextOptions } from './results.ts'
import { tableLines } from './table.ts'

export function planText(result: PlanResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const ahead = result.ahead.length === 0 ? [] : [paint('caution', `! ${describeAhead(result.ahead)}`)]
  return joinGroups([
    [headline(result)],
    stepLines(result.steps, paint),
    [...ahead, ...warningLines(result.warnings, paint)],
    result.steps.length === 0 ? [] : ['dry run: nothing was changed'],
  ])
}

function headline(result: PlanResult): string {
  const where = describeDatabase(result)
  if (result.steps.length === 0) return `up to date: ${result.applied} applied on ${where}`
  const together = result.together === true ? ' in one transaction' : ''
  return `${result.steps.length} to run${together}, ${result.applied} applied on ${where}`
}

function stepLines(steps: readonly PlannedStep[], paint: Paint): string[] {
  const digits = String(steps.length).length
  const rows = steps.map((step, index) => [
    `${String(index + 1).padStart(digits + 2)}.`,
    step.action,
    step.name,
    describeMode(step, paint),
  ])
  return tableLines(rows)
}

function describeMode(step: PlannedStep, paint: Paint): string {
  if (step.action === 'skip') return paint('faint', 'not for this kind of database')
  return step.transaction ? 'in a transaction' : paint('caution', 'outside a transaction')
}
