/** `slipway doctor` */
import type { Config } from '../config/config.ts'
import type { ConfigInput } from '../config/load.ts'
import type { Diagnosis } from '../dialects/diagnosis.ts'
import { examine } from '../engine/doctor.ts'
import { failed } from '../engine/doctor-verdict.ts'
import { errorTable, type SlipwayError } from '../errors.ts'
import { doctorJson } from '../reporters/doctor-json.ts'
import { doctorText } from '../reporters/doctor-text.ts'
import { jsonText } from '../reporters/json-text.ts'
import type { CommandContext } from '../terminal/context.ts'
import { type ConfigOptions, surveyConfig } from '../terminal/survey-config.ts'

export async function doctor(
  context: CommandContext,
  { json, timeoutMs }: { readonly json: boolean; readonly timeoutMs: number },
): Promise<number> {
  const { config, cwd } = context
  const isAimed = config.databaseUrl !== undefined || config.tenants !== undefined
  const run = isAimed ? await context.openRun() : undefined
  const { checks, facts } = await examine(config, cwd, run, { timeoutMs, place: await examineReport(config) })
  const exitCode = exitCodeOf(checks)
  if (!json) context.print(doctorText(checks, { colors: context.colors }))
  else
    context.printJson(
      doctorJson({
        exitCode,
        checks,
        database: run?.url.shown,
        dialect: run?.dialect.name,
        serverVersion: facts?.serverVersion,
        historyTable: facts?.historyTable,
      }),
    )
  return exitCode
}

/** Of what a run would write besides the database. */
async function examineReport({ report }: Config): Promise<Diagnosis[]> {
  if (report === undefined) return []
  const { examineReportFile } = await import('../terminal/report-file.ts')
  const problem = examineReportFile(report)
  if (problem !== undefined) return [failed('report', problem)]
  return [{ check: 'report', level: 'ok', message: `${report === '-' ? 'stdout' : report} can be written` }]
}

/** Where a setting is broken: each that is, since none of the rest can be looked at. `error` is what came of it. */
export async function doctorOfSettings(
  input: ConfigInput,
  error: SlipwayError,
  { json, colors, write }: ConfigOptions,
): Promise<number> {
  const { result, redact } = await surveyConfig(input)
  const problems = result.problems.length === 0 ? [error] : result.problems
  const checks = problems.map((problem) => failed('settings', problem))
  const exitCode = exitCodeOf(checks)
  const nothing = {
    database: undefined,
    dialect: undefined,
    serverVersion: undefined,
    historyTable: undefined,
  }
  write(
    json
      ? jsonText(doctorJson({ exitCode, checks, ...nothing }), redact)
      : `${redact(doctorText(checks, { colors }))}\n`,
  )
  return exitCode
}

function exitCodeOf(checks: readonly Diagnosis[]): number {
  const first = checks.find(({ level }) => level === 'fail')
  return first === undefined ? 0 : errorTable[first.code ?? 'bug'].exit
}
