/** All settings of this process: flags, variables, dotenv files, and the config file where there is one. */
import type { Config } from '../config/config.ts'
import { findSecrets } from '../config/database.ts'
import { findConfigFile } from '../config/find-config-file.ts'
import type { Hooks } from '../config/hook.ts'
import { type ConfigInput, type GatheredSources, gatherSources, loadConfig } from '../config/load.ts'
import { findPortLikeSecret, findUrlSecrets } from '../config/url-secrets.ts'
import { createRedactor } from '../redact.ts'

/** Throws what loadConfig throws, and bad-config. */
export async function readConfig(input: ConfigInput): Promise<Config> {
  const sources = gatherSources(input)
  if (sources.envProblem !== undefined) throw sources.envProblem
  const complete = await addConfigFile(sources, input)
  return loadConfig(input, complete, await readFileHooks(complete))
}

/** Those of the config file, if it has any. Throws bad-setting. */
export async function readFileHooks({ file }: GatheredSources): Promise<Hooks | undefined> {
  const value = file?.values.hooks
  if (file === undefined || value === undefined) return undefined
  const { readHooks } = await import('../config/read-hooks.ts')
  return readHooks(value, { where: ` in ${file.shown}`, folder: file.folder })
}

/** Loads the config file if there is one: without, this costs a look at the working directory. Throws bad-config. */
export async function addConfigFile(sources: GatheredSources, input: ConfigInput): Promise<GatheredSources> {
  const { path, warnings } = findConfigFile(sources)
  const fileWarnings = [...sources.fileWarnings, ...warnings]
  if (path === undefined) return { ...sources, fileWarnings }
  const { loadConfigFile } = await import('../files/config-file.ts')
  const file = await loadConfigFile({
    path,
    cwd: sources.cwd,
    input: { env: input.env, environment: sources.env },
    redactorFor: (text) => createRedactor([...findSecrets(sources), ...findSecretsIn(text)]),
  })
  return { ...sources, fileWarnings, file }
}

/** Of every URL in a text. A quote may end it, or belong to a password: both readings count. */
function findSecretsIn(text: string): string[] {
  const patterns = [/[a-z][\w+.-]*:\/\/[^\s'"`]+/gi, /[a-z][\w+.-]*:\/\/\S+/gi]
  const urls = patterns.flatMap((pattern) => text.match(pattern) ?? [])
  return urls.flatMap((url) => [...findUrlSecrets(url), ...findPortLikeSecret(url)])
}
