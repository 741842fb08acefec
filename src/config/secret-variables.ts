/** Which variables of the environment hold secrets. */
import { settingNames, settingOf } from './settings.ts'

/** The SLIPWAY_* variables, and their _FILE variants, that hold secrets: no child process needs to see them. */
export function secretEnvironmentNames(): string[] {
  return settingNames
    .map(settingOf)
    .filter((setting) => setting.secret === true)
    .flatMap((setting) => [setting.variable, `${setting.variable}_FILE`])
}
