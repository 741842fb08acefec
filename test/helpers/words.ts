/** Whether what is said to slipway, in a manifest or a page, is what it understands. */
import { hasFileVariant, variablesOf } from '../../src/config/setting.ts'
import { settingNames, settingOf, settingsOf } from '../../src/config/settings.ts'
import { isVerb, verbSpec } from '../../src/config/verbs.ts'

const variables = new Set(
  settingNames
    .flatMap((name) => variablesOf(settingOf(name)))
    .flatMap((variable) => (hasFileVariant(variable) ? [variable, `${variable}_FILE`] : [variable])),
)

/** Of a command line after `slipway`: a verb there is none of, and flags that the verb has not. */
export function wrongWords([verb = '', ...words]: readonly string[]): string[] {
  if (!isVerb(verb)) return [`${verb} is no verb`]
  const flags = [...verbSpec(verb).flags, ...settingsOf(verb)].map(({ flag }) => flag)
  return words
    .map((word) => /^--(?:no-)?([^=]+)/.exec(word)?.[1] ?? word)
    .filter((flag) => !flags.includes(flag))
    .map((flag) => `${verb} has no flag ${flag}`)
}

/** Names that look like settings and are none. */
export function wrongVariables(names: readonly string[]): string[] {
  return names
    .filter((name) => name.startsWith('SLIPWAY_') && !variables.has(name))
    .map((name) => `${name} is no setting`)
}
