import { resolve } from 'node:path'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import { createGrowingRedactor, createRedactor } from '../redact.ts'
import { attempt } from './attempt.ts'
import type { Config, TenantsSetting } from './config.ts'
import { warnOfUnknownKeys } from './config-file.ts'
import { findDatabase } from './database.ts'
import { canonicalEnv, dotenvNames, readDotenvFile } from './dotenv.ts'
import { osUserName } from './environment.ts'
import type { Hooks } from './hook.ts'
import { readLogLevel } from './log-level.ts'
import { readListen } from './listen.ts'
import { parseDatabaseUrl } from './parse-url.ts'
import { findPushgateway } from './pushgateway.ts'
import { findScratch } from './scratch.ts'
import { badValue, readBoolean, readChoice, readCount, readDuration, readList } from './setting-value.ts'
import { type SettingFlags, type SettingName, settings } from './settings.ts'
import { describeSource } from './source.ts'
import { type Environment, findCandidates, findSetting, type Layer, type Sources } from './sources.ts'
import { createSurroundings } from './surroundings.ts'
import { warnOfUnknownVariables } from './unknown-variables.ts'
import type { DatabaseUrl } from './url.ts'

export interface ConfigInput {
  /** From parseArguments. */
  readonly flags: SettingFlags
  /** process.env; never changed. */
  readonly env: Environment
  /** Where dotenv files are read and relative paths start. */
  readonly cwd: string
  readonly stderrIsTTY: boolean
}

/**
 * Reads every setting once: flag > environment > NAME_FILE > dotenv files > config file > default. Throws bad-setting
 * (78) naming the source, bad-value and password-in-flag (64), secret-twice and secret-unreadable (78). What is wrong
 * with the database alone waits for requireDatabase: verbs that need none must work without.
 */
export function loadConfig(
  input: ConfigInput,
  sources: GatheredSources = gatherSources(input),
  hooks?: Hooks,
): Config {
  const { env, envProblem, fileWarnings, file } = sources
  if (envProblem !== undefined) throw envProblem
  const find = (name: SettingName) => findSetting(name, sources)
  const text = (name: SettingName, fallback: string) => find(name)?.text ?? fallback
  const { secrets, from: _, warnings: databaseWarnings, ...database } = findDatabase(sources)
  const { secrets: scratchSecrets, ...scratch } = findScratch(sources)
  const push = findPushgateway(sources)
  const { logLevel, warnings: logWarnings } = readLogLevel(find('logLevel'))
  const tenancy = findTenants(sources, [...secrets, ...scratchSecrets, ...push.secrets])
  return Object.freeze({
    ...database,
    ...scratch,
    dir: findPath('dir', sources) ?? resolve(input.cwd, settings.dir.default),
    templates: findPath('templates', sources),
    allowEmpty: readBoolean(settings.allowEmpty, find('allowEmpty')),
    ...tenancy,
    concurrency: readCount(settings.concurrency, find('concurrency')) ?? 1,
    maxFailures: readCount(settings.maxFailures, find('maxFailures')),
    sharedSchemas: readList(settings.sharedSchemas, find('sharedSchemas')),
    createSchemas: readBoolean(settings.createSchemas, find('createSchemas')),
    allowNoTenants: readBoolean(settings.allowNoTenants, find('allowNoTenants')),
    table: text('table', settings.table.default),
    schema: find('schema')?.text,
    role: find('role')?.text,
    grantSelectTo: readList(settings.grantSelectTo, find('grantSelectTo')),
    createDatabase: readBoolean(settings.createDatabase, find('createDatabase')),
    waitTimeoutMs: readDuration(settings.waitTimeout, find('waitTimeout')),
    lockTimeoutMs: readDuration(settings.lockTimeout, find('lockTimeout')),
    ddlLockTimeoutMs: readDuration(settings.ddlLockTimeout, find('ddlLockTimeout')),
    ddlRetryForMs: readDuration(settings.ddlRetryFor, find('ddlRetryFor')),
    statementTimeoutMs: readDuration(settings.statementTimeout, find('statementTimeout')),
    maxDurationMs: readDuration(settings.maxDuration, find('maxDuration')),
    shutdownTimeoutMs: readDuration(settings.shutdownTimeout, find('shutdownTimeout')),
    keepaliveMs: readDuration(settings.keepalive, find('keepalive')),
    pooler: readChoice(settings.pooler, find('pooler'), settings.pooler.default),
    outOfOrder: readChoice(settings.outOfOrder, find('outOfOrder'), settings.outOfOrder.default),
    listen: readListen(find('listen')),
    tokenFile: findPath('tokenFile', sources),
    onFailure: readChoice(settings.onFailure, find('onFailure'), settings.onFailure.default),
    refreshMs: readDuration(settings.refresh, find('refresh')),
    metricsFile: findPath('metricsFile', sources),
    pushgateway: push.url,
    pushJob: text('pushJob', settings.pushJob.default),
    onAhead: readChoice(settings.onAhead, find('onAhead'), settings.onAhead.default),
    backupDir: findPath('backupDir', sources),
    report: findPath('report', sources),
    echo: readBoolean(settings.echo, find('echo')),
    logFormat: readChoice(settings.logFormat, find('logFormat'), input.stderrIsTTY ? 'pretty' : 'json'),
    logLevel,
    env,
    ...(hooks === undefined ? {} : { hooks }),
    warnings: [
      ...fileWarnings,
      ...warnOfUnknownVariables(sources.layers),
      ...(file === undefined ? [] : warnOfUnknownKeys(file)),
      ...logWarnings,
      ...databaseWarnings,
    ],
  })
}

/** What they are is read later, by few, so that is also when their passwords become known. */
function findTenants(
  sources: Sources,
  secrets: readonly string[],
): Pick<Config, 'redact' | 'tenants' | 'strayShard'> {
  // It may be in a file, which a verb without a database does not need.
  const [found] = findCandidates('tenants', sources)
  const shard = findSetting('shard', sources)
  if (found === undefined)
    return {
      redact: createRedactor(secrets),
      ...(shard === undefined ? {} : { strayShard: describeSource(shard.source) }),
    }
  const { redact, learn } = createGrowingRedactor(secrets)
  const parseUrl: TenantsSetting['parseUrl'] = (text, place) =>
    parseDatabaseUrl(text, {
      ...place,
      osUser: osUserName,
      surroundings: createSurroundings(sources),
    })
  return {
    redact,
    tenants: { find: () => found.read(), shard, parseUrl, learn },
  }
}

/** Absolute; `-` stays what it is. */
function findPath(name: SettingName, sources: Sources): string | undefined {
  const found = findSetting(name, sources)
  return found === undefined || found.text === '-' ? found?.text : resolve(found.base, found.text)
}

/** The database, for verbs that need one. Throws no-url, bad-url, secret-twice or secret-unreadable (78). */
export function requireDatabase(config: Config): DatabaseUrl {
  if (config.databaseUrl !== undefined) return config.databaseUrl
  throw config.databaseProblem ?? new SlipwayError('no-url', 'no database is configured')
}

export interface GatheredSources extends Sources {
  readonly env: string | undefined
  /** Why `env` is undefined although it is set: what loadConfig throws. */
  readonly envProblem: SlipwayError | undefined
  readonly fileWarnings: Config['warnings']
}

/** All but the config file. `.env` is read before the environment's name is known, so it may hold that name. */
export function gatherSources({ flags, env, cwd }: ConfigInput): GatheredSources {
  const environment: Layer = { dotenv: undefined, variables: withoutShellStartup(env) }
  const base = readDotenvFile(cwd, '.env')
  const found = attempt(() => readEnvName({ flags, cwd, layers: compact([environment, base.layer]) }))
  const [name, envProblem] = isSlipwayError(found) ? [undefined, found] : [found, undefined]
  const specific = dotenvNames(name).map((file) => readDotenvFile(cwd, file))
  const problems = compact([...specific, base].map((file) => file.problem))
  return {
    flags,
    cwd,
    layers: compact([environment, ...specific.map((file) => file.layer), base.layer]),
    env: name,
    envProblem,
    fileWarnings: problems.map((message) => ({ code: 'dotenv-unreadable', message })),
  }
}

function readEnvName(sources: Sources): string | undefined {
  const found = findSetting('env', sources)
  if (found === undefined) return undefined
  if (!/^[\w-][\w.-]*$/.test(found.text))
    throw badValue(settings.env, found, 'a plain word such as production')
  return canonicalEnv(found.text)
}

/** To a POSIX shell, ENV is the path of a startup file; Alpine's and ksh's users do set it. */
function withoutShellStartup(env: Environment): Environment {
  return env.ENV?.includes('/') === true ? { ...env, ENV: undefined } : env
}

function compact<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item) => item !== undefined)
}
