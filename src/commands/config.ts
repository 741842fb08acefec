/** `slipway config`: works where no other verb would, because a setting is broken. */
import type { ConfigInput } from '../config/load.ts'
import { exitCodes, type SlipwayError } from '../errors.ts'
import { configJson } from '../reporters/config-json.ts'
import { configText } from '../reporters/config-text.ts'
import { jsonText } from '../reporters/json-text.ts'
import { type ConfigOptions, surveyConfig } from '../terminal/survey-config.ts'

/** Returns the exit code. */
export async function config(input: ConfigInput, { json, colors, write }: ConfigOptions): Promise<number> {
  const { result, redact } = await surveyConfig(input)
  const { problems } = result
  write(json ? jsonText(configJson(result), redact) : redact(configText(result, { colors })))
  return exitCodeOf(problems)
}

/** What a person set up wrongly, before what they typed wrongly. */
function exitCodeOf(problems: readonly SlipwayError[]): number {
  if (problems.some(({ exitCode }) => exitCode === exitCodes.config)) return exitCodes.config
  return problems[0]?.exitCode ?? exitCodes.ok
}
