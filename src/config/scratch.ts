/** SLIPWAY_SCRATCH_URL. */
import { isSlipwayError } from '../errors.ts'
import { attempt } from './attempt.ts'
import type { Config } from './config.ts'
import { refusePasswordInFlag } from './database.ts'
import { osUserName } from './environment.ts'
import { parseDatabaseUrl } from './parse-url.ts'
import { settings } from './settings.ts'
import { describeSource } from './source.ts'
import { findSetting, type Sources } from './sources.ts'
import { createSurroundings } from './surroundings.ts'
import { findPortLikeSecret, findUrlSecrets } from './url-secrets.ts'

interface FoundScratch extends Pick<Config, 'scratchUrl' | 'scratchProblem'> {
  readonly secrets: readonly string[]
}

/** What is wrong with it waits for a verb that needs it. Throws only password-in-flag (64). */
export function findScratch(sources: Sources): FoundScratch {
  const found = attempt(() => findSetting('scratchUrl', sources))
  if (found === undefined) return { scratchUrl: undefined, secrets: [] }
  if (isSlipwayError(found)) return { scratchUrl: undefined, scratchProblem: found, secrets: [] }
  refusePasswordInFlag(found, settings.scratchUrl.variable)
  const { text, source, base } = found
  const secrets = [...findUrlSecrets(text), ...findPortLikeSecret(text)]
  const parsed = attempt(() =>
    parseDatabaseUrl(text, {
      name: describeSource(source),
      cwd: base,
      osUser: osUserName,
      surroundings: createSurroundings(sources),
    }),
  )
  return isSlipwayError(parsed)
    ? { scratchUrl: undefined, scratchProblem: parsed, secrets }
    : { scratchUrl: parsed.url, secrets: [...secrets, ...(parsed.secrets ?? [])] }
}
