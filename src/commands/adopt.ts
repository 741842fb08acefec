/** `slipway adopt` */
import { type AdoptSurvey, runAdoption, surveyAdoption } from '../engine/adopt.ts'
import type { AdoptedLine } from '../engine/adopt-files.ts'
import type { Run } from '../engine/run.ts'
import type { ForeignTool } from '../plan/adopt/names.ts'
import { labelOf } from '../plan/adopt/tools.ts'
import { combineReasons } from '../plan/refusal.ts'
import { type AdoptedFile, type AdoptResult, adoptJson } from '../reporters/adopt-result.ts'
import { adoptText, isNothing } from '../reporters/adopt-text.ts'
import { countOf } from '../reporters/count-of.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export interface AdoptOptions {
  readonly from: ForeignTool | undefined
  readonly table: string | undefined
  readonly convert: boolean
  readonly dryRun: boolean
  readonly json: boolean
  readonly yes: boolean
}

export async function adopt(context: CommandContext, options: AdoptOptions): Promise<number> {
  const run = await context.openRun()
  const survey = await surveyAdoption(run, options)
  const result = toResult(run, survey)
  const text = adoptText(result, { colors: context.colors })
  const show = () => (options.json ? context.printJson(adoptJson(result)) : context.print(text))
  const isOver = result.problems.length > 0 || isNothing(result)
  if (options.dryRun || isOver) {
    // Whoever only looks sees every file, also of what cannot be; whoever acts is told what is in the way.
    if (options.dryRun || options.json || result.problems.length === 0) show()
    if (result.problems.length > 0) throw combineReasons(result.problems)
    return 0
  }
  if (!options.yes) {
    const { confirm } = await import('../terminal/confirm.ts')
    await confirm('adopt', { what: describe(survey), shown: context.config.redact(text), signal: run.signal })
  }
  show()
  return conclude(run, (progress) => runAdoption(run, options, survey, progress))
}

function describe({ amendments, changes, moveTo, shown, tool }: AdoptSurvey): string {
  const names = amendments.map(({ record }) => record.name).join(', ')
  return [
    ...(names === '' ? [] : [`record as applied, as ${labelOf(tool)} has it: ${names}`]),
    ...(changes.length === 0 ? [] : [`change ${countOf(changes.length, 'file')} of the folder`]),
    ...(moveTo === undefined ? [] : [`rename ${shown} to ${moveTo}`]),
  ].join('; ')
}

function toResult(run: Run, survey: AdoptSurvey): AdoptResult {
  return {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: survey.facts.serverVersion,
    historyTable: survey.facts.historyTable,
    tool: labelOf(survey.tool),
    table: survey.shown,
    movedTo: survey.moveTo,
    files: survey.lines.map((line) => toFile(line, survey.recorded)),
    problems: survey.problems,
    warnings: survey.warnings,
  }
}

function toFile({ line, change, why, record }: AdoptedLine, recorded: ReadonlySet<string>): AdoptedFile {
  const { entry, file, state } = line
  return {
    row: entry?.key ?? null,
    path: file?.shown ?? null,
    undo: line.undo?.shown ?? null,
    name: record?.name ?? null,
    action: actionOf(state, file !== undefined, record === undefined ? undefined : recorded.has(record.name)),
    change,
    why: why ?? null,
    appliedAt: entry?.appliedAt?.toISOString() ?? null,
  }
}

function actionOf(
  state: AdoptedLine['line']['state'],
  hasFile: boolean,
  isRecorded: boolean | undefined,
): AdoptedFile['action'] {
  if (state === 'pending') return 'pending'
  if (state !== 'applied') return 'none'
  if (!hasFile) return 'missing'
  return isRecorded === true ? 'recorded' : 'record'
}
