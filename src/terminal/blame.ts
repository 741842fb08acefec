/** Whose fault it is when the process is about to end without an answer. */
import type { Config } from '../config/config.ts'
import type { Blame } from './ending.ts'

/** Until the settings are there, only the config file has run any code but ours. */
export function blame(verb: string, config: Config | undefined): Blame {
  if (!config) return { code: 'bad-config', culprit: 'the config file', hint: 'correct that file' }
  const code = ['up', 'down', 'exec'].includes(verb) ? 'migration-failed' : 'bug'
  return { code, culprit: 'a migration', hint: 'correct it and look where it stopped: slipway status' }
}
