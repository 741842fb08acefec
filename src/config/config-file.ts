/** What a config file says, once it is loaded: see files/config-file.ts for the loading. */
import { SlipwayError } from '../errors.ts'
import { nearest } from '../plan/nearest.ts'
import { joinList } from './list-value.ts'
import type { SettingType } from './setting.ts'
import { correctIn, countForm, durationForm } from './setting-value.ts'
import { settingNames, settingOf } from './settings.ts'
import { describeSource, optionHint, type Source } from './source.ts'
import type { Warning } from './url-problem.ts'
import { findPortLikeSecret, findUrlSecrets } from './url-secrets.ts'

export interface ConfigFile {
  /** For messages: relative to the working directory where it lies below it. */
  readonly shown: string
  /** Absolute; relative paths in it start here. */
  readonly folder: string
  /** As exported. */
  readonly values: Readonly<Record<string, unknown>>
}

type Key = Extract<Source, { kind: 'config' | 'option' }>

/** The value as it would be written in a variable. Throws bad-setting, which never repeats the value. */
export function readConfigValue(type: SettingType, value: unknown, source: Key): string {
  const text = writeValue(type, value)
  if (text !== undefined) return text
  const problem = `must be ${formOf(type)}, not ${nameType(value)}`
  throw new SlipwayError('bad-setting', `${describeSource(source)} ${problem}`, {
    hint: source.kind === 'option' ? optionHint : correctIn(source.file),
  })
}

/** undefined: not of the setting's type. */
function writeValue({ kind }: SettingType, value: unknown): string | undefined {
  switch (kind) {
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : undefined
    case 'duration':
      return value === 0 ? '0' : textOf(value)
    case 'count':
      return typeof value === 'number' ? String(value) : textOf(value)
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? joinList(value)
        : textOf(value)
    case 'string':
    case 'path':
    case 'choice':
      return textOf(value)
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function formOf(type: SettingType): string {
  switch (type.kind) {
    case 'boolean':
      return 'true or false'
    case 'duration':
      return durationForm
    case 'list':
      return 'a list of texts'
    case 'count':
      return countForm
    case 'choice':
      return `one of ${type.values.join(', ')}`
    case 'string':
    case 'path':
      return 'a text'
  }
}

function nameType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  const type = typeof value
  return type === 'object' ? 'an object' : type === 'string' ? 'a text' : `a ${type}`
}

/** One warning for each key that no setting has: it would be a setting that silently does nothing. */
export function warnOfUnknownKeys(file: ConfigFile): Warning[] {
  return Object.keys(file.values)
    .filter((key) => !known.has(key))
    .map((key) => ({
      code: 'unknown-setting',
      message: `unknown key ${printable(key)} in ${file.shown}${adviceFor(key)}`,
    }))
}

/** No setting, since no flag and no variable could hold it. */
const hooksKey = 'hooks'

const known: ReadonlySet<string> = new Set([
  ...settingNames.filter((name) => settingOf(name).beforeConfigFile !== true),
  hooksKey,
])

function adviceFor(key: string): string {
  const early = settingNames.find((name) => name === key)
  if (early !== undefined) {
    const { flag, variable } = settingOf(early)
    return `: it is needed before that file is read; set ${variable} or --${flag}`
  }
  const near = nearest(camelCase(key), known)
  return near === undefined ? '' : `; did you mean ${near}?`
}

/** `SLIPWAY_LOCK_TIMEOUT` and `lock-timeout` are ways to say lockTimeout. */
function camelCase(key: string): string {
  const words = key.replace(/^SLIPWAY_/i, '')
  if (!/[_-]/.test(words)) return words
  return words.toLowerCase().replace(/[_-]+(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function printable(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : '(not shown)'
}

/** Passwords of URLs among the values, also under keys that nobody knows, and in hooks. */
export function findValueSecrets(values: ConfigFile['values']): string[] {
  return textsIn(Object.values(values), 0).flatMap((text) => [
    ...findUrlSecrets(text),
    ...findPortLikeSecret(text),
  ])
}

/** `hooks: { beforeAll: { command: ['psql', 'postgres://…'] } }` is as deep as it gets. */
const deepest = 4

function textsIn(values: readonly unknown[], depth: number): string[] {
  if (depth > deepest) return []
  return values.flatMap((value) => {
    if (typeof value === 'string') return [value]
    return typeof value === 'object' && value !== null ? textsIn(Object.values(value), depth + 1) : []
  })
}
