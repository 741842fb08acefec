/** Every setting with its value as people may see it, where that came from, and what lost to it. */
import { resolve } from 'node:path'
import { isSlipwayError, type SlipwayError } from '../errors.ts'
import { attempt } from './attempt.ts'
import { warnOfUnknownKeys } from './config-file.ts'
import { type FoundDatabase, findDatabase } from './database.ts'
import { joinList } from './list-value.ts'
import type { GatheredSources } from './load.ts'
import { readLogLevel } from './log-level.ts'
import { parseDatabaseUrl } from './parse-url.ts'
import { readListen } from './listen.ts'
import { findPushgateway, pushgatewaySecrets } from './pushgateway.ts'
import { findScratch } from './scratch.ts'
import type { Setting } from './setting.ts'
import { readBoolean, readChoice, readCount, readDuration, readList } from './setting-value.ts'
import { type SettingName, settingNames, settingOf } from './settings.ts'
import type { Found, Source } from './source.ts'
import { findCandidates } from './sources.ts'
import { warnOfUnknownVariables } from './unknown-variables.ts'
import type { Warning } from './url-problem.ts'

export interface SurveyedSetting {
  readonly name: SettingName
  /** Never a secret; undefined if it has none, or a broken one. */
  readonly value: string | undefined
  /** Empty for a default, and where there is no value at all. */
  readonly from: readonly Source[]
  /** Places that have a value too, strongest first. */
  readonly lost: readonly Source[]
  readonly problem: SlipwayError | undefined
}

export interface SettingsSurvey {
  /** Files that values were looked for in, strongest first. */
  readonly files: readonly string[]
  readonly settings: readonly SurveyedSetting[]
  readonly warnings: readonly Warning[]
  readonly secrets: readonly string[]
}

/** Never throws for what is wrong with a setting: that is part of the answer. */
export function surveySettings(sources: GatheredSources): SettingsSurvey {
  const database = attempt(() => findDatabase(sources))
  const found = settingNames.map((name) =>
    name === 'databaseUrl' ? surveyDatabase(database, sources) : surveySetting(name, sources),
  )
  const own = isSlipwayError(database) ? [] : database.warnings
  const dotenvs = sources.layers.map(({ dotenv }) => dotenv)
  return {
    files: [...dotenvs, sources.file?.shown].filter((name) => name !== undefined),
    settings: found.map(({ warnings: _, ...setting }) => setting),
    warnings: [
      ...sources.fileWarnings,
      ...warnOfUnknownVariables(sources.layers),
      ...(sources.file === undefined ? [] : warnOfUnknownKeys(sources.file)),
      ...found.flatMap(({ warnings = [] }) => warnings),
      ...own,
    ],
    secrets: isSlipwayError(database)
      ? []
      : [...database.secrets, ...scratchSecrets(sources), ...pushgatewaySecrets(sources)],
  }
}

/** Also where the flag is refused for holding one. */
function scratchSecrets(sources: GatheredSources): readonly string[] {
  const found = attempt(() => findScratch(sources))
  return isSlipwayError(found) ? [] : found.secrets
}

type Surveyed = SurveyedSetting & { readonly warnings?: readonly Warning[] }

function surveyDatabase(database: FoundDatabase | SlipwayError, sources: GatheredSources): Surveyed {
  const name = 'databaseUrl'
  const candidates = [...findCandidates(name, sources)].map(({ source }) => source)
  if (isSlipwayError(database)) {
    const [first, ...lost] = candidates
    return { name, value: undefined, from: first === undefined ? [] : [first], lost, problem: database }
  }
  const { databaseUrl, databaseProblem, from } = database
  return {
    name,
    value: databaseUrl?.shown,
    from,
    lost: candidates.filter((source) => !from.some((used) => isSame(used, source))),
    // A verb that needs no database is content without one.
    problem: databaseProblem?.code === 'no-url' ? undefined : databaseProblem,
  }
}

function isSame(a: Source, b: Source): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function surveySetting(name: SettingName, sources: GatheredSources): Surveyed {
  const setting = settingOf(name)
  const [strongest, ...others] = findCandidates(name, sources)
  const lost = others.map(({ source }) => source)
  // Found, not set: nobody named it.
  if (strongest === undefined && name === 'config')
    return { name, value: sources.file?.shown, from: [], lost, problem: undefined }
  if (strongest === undefined)
    return { name, value: defaultOf(setting, sources), from: [], lost, problem: undefined }
  const from = [strongest.source]
  const read = attempt(() => readShown(name, strongest.read(), sources))
  if (isSlipwayError(read)) return { name, value: undefined, from, lost, problem: read }
  return { name, ...read, from, lost, problem: name === 'env' ? sources.envProblem : undefined }
}

function defaultOf({ type, default: text }: Setting, { cwd }: GatheredSources): string | undefined {
  return text === undefined || type.kind !== 'path' ? text : resolve(cwd, text)
}

interface Shown {
  readonly value: string
  readonly warnings?: readonly Warning[]
}

function readShown(name: SettingName, found: Found, sources: GatheredSources): Shown {
  const setting = settingOf(name)
  if (name === 'logLevel') {
    const { logLevel, warnings } = readLogLevel(found)
    return { value: hide(setting, found, logLevel), warnings }
  }
  if (name === 'listen') readListen(found)
  if (name === 'pushgateway') findPushgateway(sources)
  if (name === 'env') return { value: hide(setting, found, sources.env ?? '') }
  // A select is no list, and URLs may hold passwords.
  if (name === 'tenants')
    return { value: secretLike.test(found.text) || found.source.kind === 'file' ? '(not shown)' : found.text }
  return { value: hide(setting, found, readValue(setting, found)) }
}

/** The value in the form that it has effect in. Throws bad-setting, bad-value. */
function readValue(setting: Setting, found: Found): string {
  const { type } = setting
  switch (type.kind) {
    case 'boolean':
      return String(readBoolean(setting, found))
    case 'count':
      return String(readCount(setting, found))
    case 'duration':
      readDuration(setting, found)
      return found.text
    case 'choice':
      return readChoice({ ...setting, type }, found, found.text)
    case 'list':
      return joinList(readList(setting, found))
    case 'path':
      return found.text === '-' ? '-' : resolve(found.base, found.text)
    case 'string':
      return found.text
  }
}

/** A URL, or what is left of one: people put them into the wrong place. */
const secretLike = /:\/\/|:[^\s@]*@|password\s*=/i

/** What a file holds is nobody's business. */
function hide(setting: Setting, { text, source }: Found, value: string): string {
  if (setting.secret === true) return showUrl(text) ?? '(not shown)'
  if (source.kind === 'file') return '(in that file, not shown)'
  return secretLike.test(text) ? '(not shown)' : value
}

function showUrl(text: string): string | undefined {
  const parsed = attempt(() => parseDatabaseUrl(text, { name: '', cwd: '/', osUser: () => undefined }))
  return isSlipwayError(parsed) ? undefined : parsed.url.shown
}
