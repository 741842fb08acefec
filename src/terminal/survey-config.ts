/** All settings at once, broken ones too: for the verbs that say what is wrong with them. */
import { type ConfigInput, gatherSources } from '../config/load.ts'
import { surveySettings } from '../config/survey-settings.ts'
import { isSlipwayError, type SlipwayError } from '../errors.ts'
import { createRedactor, type Redactor } from '../redact.ts'
import type { ConfigResult } from '../reporters/results.ts'
import { addConfigFile, readFileHooks } from './read-config.ts'

export interface ConfigOptions {
  readonly json: boolean
  /** Colours for stdout. */
  readonly colors: boolean
  readonly write: (text: string) => void
}

/** Never throws for what a setting or the config file is: that is among the problems. */
export async function surveyConfig(input: ConfigInput): Promise<{ result: ConfigResult; redact: Redactor }> {
  const gathered = gatherSources(input)
  const complete = await addConfigFile(gathered, input).catch(expected)
  const survey = surveySettings(isSlipwayError(complete) ? gathered : complete)
  const hooks = isSlipwayError(complete) ? undefined : await readFileHooks(complete).catch(expected)
  const problems = [
    ...(isSlipwayError(complete) ? [complete] : []),
    ...(isSlipwayError(hooks) ? [hooks] : []),
    ...survey.settings.flatMap(({ problem }) => problem ?? []),
  ]
  return { result: { ...survey, problems }, redact: createRedactor(survey.secrets) }
}

function expected(error: unknown): SlipwayError {
  if (isSlipwayError(error)) return error
  throw error
}
