/** `slipway config`: works where no other verb would, because a setting is broken. */
import { type ConfigInput, gatherSources } from '../config/load.ts'
import { surveySettings } from '../config/survey-settings.ts'
import { exitCodes, isSlipwayError, type SlipwayError } from '../errors.ts'
import { createRedactor, type Redactor } from '../redact.ts'
import { configJson } from '../reporters/config-json.ts'
import { configText } from '../reporters/config-text.ts'
import { jsonText } from '../reporters/json-text.ts'
import type { ConfigResult } from '../reporters/results.ts'
import { addConfigFile } from '../terminal/read-config.ts'

export interface ConfigOptions {
  readonly json: boolean
  /** Colours for stdout. */
  readonly colors: boolean
  readonly write: (text: string) => void
}

/** Returns the exit code. */
export async function config(input: ConfigInput, { json, colors, write }: ConfigOptions): Promise<number> {
  const { result, redact } = await surveyConfig(input)
  const { problems } = result
  write(json ? jsonText(configJson(result), redact) : redact(configText(result, { colors })))
  return exitCodeOf(problems)
}

/** Never throws for what a setting or the config file is: that is among the problems. */
export async function surveyConfig(input: ConfigInput): Promise<{ result: ConfigResult; redact: Redactor }> {
  const gathered = gatherSources(input)
  const complete = await addConfigFile(gathered, input).catch(expected)
  const survey = surveySettings(isSlipwayError(complete) ? gathered : complete)
  const problems = [
    ...(isSlipwayError(complete) ? [complete] : []),
    ...survey.settings.flatMap(({ problem }) => problem ?? []),
  ]
  return { result: { ...survey, problems }, redact: createRedactor(survey.secrets) }
}

function expected(error: unknown): SlipwayError {
  if (isSlipwayError(error)) return error
  throw error
}

/** What a person set up wrongly, before what they typed wrongly. */
function exitCodeOf(problems: readonly SlipwayError[]): number {
  if (problems.some(({ exitCode }) => exitCode === exitCodes.config)) return exitCodes.config
  return problems[0]?.exitCode ?? exitCodes.ok
}
