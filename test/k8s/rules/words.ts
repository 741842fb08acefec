/** What manifests say to slipway is what slipway understands. */
import { hasFileVariant, variablesOf } from '../../../src/config/setting.ts'
import { settingNames, settingOf, settingsOf } from '../../../src/config/settings.ts'
import { isVerb, verbSpec } from '../../../src/config/verbs.ts'
import { containersOf, isOurs, type JsonObject, listAt, type Manifest, podOf, textAt } from '../manifests.ts'

const variables = new Set(
  settingNames
    .flatMap((name) => variablesOf(settingOf(name)))
    .flatMap((variable) => (hasFileVariant(variable) ? [variable, `${variable}_FILE`] : [variable])),
)

export function checkWords(manifest: Manifest): string[] {
  const ours = containersOf(podOf(manifest)?.spec ?? {}).filter(isOurs)
  return ours.flatMap((container) => [...checkArgs(container), ...checkVariables(container)])
}

function checkArgs(container: JsonObject): string[] {
  const [verb = '', ...words] = Array.isArray(container.args) ? container.args.map(String) : []
  if (!isVerb(verb)) return [`${textAt(container, 'name')}: ${verb} is no verb`]
  const flags = [...verbSpec(verb).flags, ...settingsOf(verb)].map(({ flag }) => flag)
  return words
    .map((word) => /^--(?:no-)?([^=]+)/.exec(word)?.[1] ?? word)
    .filter((flag) => !flags.includes(flag))
    .map((flag) => `${textAt(container, 'name')}: ${verb} has no flag ${flag}`)
}

function checkVariables(container: JsonObject): string[] {
  return listAt(container, 'env')
    .map((entry) => textAt(entry, 'name'))
    .filter((name) => name.startsWith('SLIPWAY_') && !variables.has(name))
    .map((name) => `${textAt(container, 'name')}: ${name} is no setting`)
}
