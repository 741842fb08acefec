/** What there is to repair, or what one repair would do, for a person. Pure; the caller redacts and writes. */
import type { SlipwayError } from '../errors.ts'
import { type Damage, describeRepair, type RepairAction, repairCommand, unitDone } from '../plan/repair.ts'
import { noRedaction } from '../redact.ts'
import { oneLine } from '../text/visible-text.ts'
import { createPaint, type Paint } from './paint.ts'
import { errorLines, nextLine } from './pretty-error.ts'
import { describeDatabase, joinGroups } from './result-lines.ts'
import type { DatabaseFacts, TextOptions } from './results.ts'

export interface RepairResult extends DatabaseFacts {
  readonly damage: readonly Damage[]
  /** Why `up` refuses, by name. */
  readonly reasons: ReadonlyMap<string, SlipwayError>
}

/** Without an action: everything, each with the commands to choose from. */
export function repairText(
  result: RepairResult,
  action: RepairAction | undefined,
  { colors }: TextOptions,
): string {
  const paint = createPaint(colors)
  const where = `on ${describeDatabase(result)}, in ${result.historyTable}`
  if (result.damage.length === 0) return `nothing to repair ${where}`
  const groups = result.damage.map((damage) => [
    ...whatLines(damage, result, paint),
    ...(action === undefined ? commandLines(damage, paint) : proposalLines(damage, action)),
  ])
  return joinGroups(groups)
}

const signs = {
  changed: 'was edited after it was applied',
  unfinished: 'did not finish',
  missing: 'is applied, but has no file here',
} as const

/** `up` may go on by itself with an unfinished SQL migration: then nothing is refused, and there is no reason to show. */
function whatLines(damage: Damage, { reasons }: RepairResult, paint: Paint): string[] {
  const { name, state, history } = damage
  const reason = reasons.get(name)
  if (reason !== undefined) return errorLines(reason, { paint, redact: noRedaction, debug: false })
  const verb = history.reverting === true ? 'slipway down' : 'slipway up'
  const resumes =
    state === 'unfinished' ? `; ${verb} goes on after ${unitDone(damage, 1)} ${history.statementsDone}` : ''
  return [paint('caution', `! ${oneLine(name, 200)} ${signs[state]}${resumes}`)]
}

function commandLines({ actions, name, history }: Damage, paint: Paint): string[] {
  const told = history.reverting === true ? { ...meanings, ...revertMeanings } : meanings
  const style = { paint, redact: noRedaction, debug: false }
  return actions.map(
    (action) => `  ${nextLine(`${repairCommand(action, name)}  ${paint('faint', told[action])}`, style)}`,
  )
}

const meanings: Readonly<Record<RepairAction, string>> = {
  accept: 'history takes over the text as it is now',
  finished: 'all of it is done: it counts as applied',
  retry: 'none of it is left: it runs again from its start',
  forget: 'it is gone for good: history forgets it, and its stored text',
}

const revertMeanings = {
  finished: 'all of its down is done: history forgets it',
  retry: 'nothing of its down was done: it counts as applied',
} as const

function proposalLines(damage: Damage, action: RepairAction): string[] {
  const lines = [`  this would ${describeRepair(action, damage)}`]
  const done = damage.history.statementsDone
  if (action === 'retry' && done > 0 && damage.history.reverting !== true)
    lines.push(
      `  its first ${done === 1 ? '' : `${done} `}${unitDone(damage, done)} would run a second time; slipway up alone goes on after ${done === 1 ? 'it' : 'them'}`,
    )
  return lines
}
