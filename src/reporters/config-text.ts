/** `slipway config` for a person. Pure; the caller redacts and writes. */
import { shownDefault } from '../config/help.ts'
import { settingOf } from '../config/settings.ts'
import { describeSource } from '../config/source.ts'
import type { SurveyedSetting } from '../config/survey-settings.ts'
import { visibleText } from '../text/visible-text.ts'
import { createPaint, type Paint } from './paint.ts'
import { joinGroups, refusalLines, warningLines } from './result-lines.ts'
import type { ConfigResult, TextOptions } from './results.ts'
import { tableLines } from './table.ts'

export function configText(result: ConfigResult, { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const head = ['SETTING', 'VALUE', 'FROM'].map((word) => paint('faint', word))
  const rows = result.settings.flatMap((setting) => rowsOf(setting, paint))
  return joinGroups([
    tableLines([head, ...rows]),
    [`files read: ${result.files.length === 0 ? 'none' : result.files.map(visibleText).join(', ')}`],
    warningLines(result.warnings, paint),
    refusalLines(result.problems, paint),
  ])
}

/** One row, and one more for each source that lost. */
function rowsOf(setting: SurveyedSetting, paint: Paint): string[][] {
  const { variable } = settingOf(setting.name)
  const [first = describeOrigin(setting), ...parts] = setting.from.map(describeSource).map(visibleText)
  const beaten = setting.lost.map((source) => paint('faint', `over ${visibleText(describeSource(source))}`))
  return [
    [variable, describeValue(setting, paint), first],
    ...[...parts, ...beaten].map((text) => ['', '', text]),
  ]
}

function describeValue({ name, value, from, problem }: SurveyedSetting, paint: Paint): string {
  if (problem !== undefined) return paint('bad', '✗ broken')
  if (value !== undefined) return visibleText(value)
  return (from.length === 0 ? shownDefault(settingOf(name)) : undefined) ?? '–'
}

function describeOrigin({ name }: SurveyedSetting): string {
  return shownDefault(settingOf(name)) === undefined ? 'not set' : 'default'
}
