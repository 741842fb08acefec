import { isSlipwayError, SlipwayError } from '../errors.ts'
import { attempt } from './attempt.ts'
import type { Config } from './config.ts'
import { findValueSecrets } from './config-file.ts'
import { osUserName } from './environment.ts'
import { namingVariables } from './libpq-parameters.ts'
import { warnOfOverriddenUrl } from './overridden-url.ts'
import { parseDatabaseUrl } from './parse-url.ts'
import { variablesOf } from './setting.ts'
import { settings } from './settings.ts'
import { describeSource, type Found, type Source } from './source.ts'
import { findCandidates, findSetting, type Sources } from './sources.ts'
import { createSurroundings, libpqSources, parseLibpqVariables } from './surroundings.ts'
import type { ParsedUrl } from './url-problem.ts'
import { findPortLikeSecret, findUrlSecrets } from './url-secrets.ts'

export interface FoundDatabase extends Pick<Config, 'databaseUrl' | 'databaseProblem' | 'warnings'> {
  /** Everything seen that must never be printed, also of URLs that lost to a stronger source. */
  readonly secrets: readonly string[]
  /** Where it comes from; several where no single one tells it all. */
  readonly from: readonly Source[]
}

/** The configured database, or what is wrong with it as a value. Throws only password-in-flag (64). */
export function findDatabase(sources: Sources): FoundDatabase {
  const secrets = findSecrets(sources)
  const found = attempt(() => findSetting('databaseUrl', sources))
  if (isSlipwayError(found)) return failed(found, secrets, firstSource(sources))
  if (found !== undefined) refusePasswordInFlag(found, settings.databaseUrl.variable)
  const all =
    found === undefined
      ? secrets
      : [...secrets, ...findUrlSecrets(found.text), ...findPortLikeSecret(found.text)]
  const from = found === undefined ? libpqSources(sources) : [found.source]
  const parsed = attempt(() => parseFound(found, sources))
  if (parsed === undefined) return failed(noUrl(sources), all, [])
  if (isSlipwayError(parsed)) return failed(parsed, all, from)
  return {
    databaseUrl: parsed.url,
    warnings: [...parsed.warnings, ...warnOfOverriddenUrl(sources)],
    secrets: [...all, ...(parsed.secrets ?? [])],
    from,
  }
}

function failed(
  databaseProblem: SlipwayError,
  secrets: readonly string[],
  from: readonly Source[],
): FoundDatabase {
  return { databaseUrl: undefined, databaseProblem, warnings: [], secrets, from }
}

/** Of a value that cannot be read. */
function firstSource(sources: Sources): Source[] {
  return [...findCandidates('databaseUrl', sources)].slice(0, 1).map(({ source }) => source)
}

/** Without a URL, what the PG* variables name; undefined if they name nothing. */
function parseFound(found: Found | undefined, sources: Sources): ParsedUrl | undefined {
  const context = {
    cwd: found?.base ?? sources.cwd,
    osUser: osUserName,
    surroundings: createSurroundings(sources),
  }
  if (found === undefined) return parseLibpqVariables(context)
  return parseDatabaseUrl(found.text, { ...context, name: describeSource(found.source) })
}

/** `variable`: where it is safe. */
export function refusePasswordInFlag({ source, text }: Found, variable: string): void {
  if (source.kind === 'flag' && findUrlSecrets(text).length > 0)
    throw new SlipwayError(
      'password-in-flag',
      `--${source.flag} holds a password, which everyone on this host can read`,
      { hint: `export ${variable}, or point ${variable}_FILE at a file` },
    )
}

/** PGPASSWORD is no setting of ours, but a child or a message could still carry it. */
export function findSecrets({ layers, file, options }: Sources): string[] {
  const inLayers = layers.flatMap(({ variables }) => {
    const names = [
      ...variablesOf(settings.databaseUrl),
      ...variablesOf(settings.scratchUrl),
      settings.pushgateway.variable,
    ]
    const urls = names.map((name) => variables[name] ?? '')
    return [variables.PGPASSWORD ?? '', ...urls.flatMap(findUrlSecrets), ...urls.flatMap(findPortLikeSecret)]
  })
  return [...inLayers, ...findValueSecrets(file?.values ?? {}), ...findValueSecrets(options ?? {})]
}

function noUrl({ layers, cwd, file, options }: Sources): SlipwayError {
  if (options !== undefined)
    return new SlipwayError('no-url', 'no database is configured: there is no option databaseUrl', {
      hint: "createMigrator({ databaseUrl: 'postgres://user@host/database' })",
    })
  const dotenvs = layers.map((layer) => layer.dotenv).filter((name) => name !== undefined)
  const files = file === undefined ? dotenvs : [...dotenvs, file.shown]
  const urls = variablesOf(settings.databaseUrl).flatMap((name) => [name, `${name}_FILE`])
  const variables = `${urls.join(', ')} and ${namingVariables.join(', ')}`
  const where =
    files.length === 0 ? `; there is no .env file in ${cwd}` : ` and in ${files.join(', ')} in ${cwd}`
  return new SlipwayError(
    'no-url',
    `no database is configured: looked for --database-url, ${variables} in the environment${where}`,
  )
}
