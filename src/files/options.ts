/** The options a migration declares about itself, read strictly: a misspelt `transaction` must not go unnoticed. */
import { SlipwayError } from '../errors.ts'
import { parseDuration } from '../plan/duration.ts'
import { type DeclaredOptions, defaultOptions, type MigrationFile } from '../plan/migration.ts'
import { nearest } from '../plan/nearest.ts'

interface OptionSpec {
  readonly field: keyof DeclaredOptions
  readonly expected: string
  /** undefined: not of the expected form. */
  readonly read: (value: unknown) => unknown
  /** From the word in `-- migrate:up key:word`. */
  readonly fromWord: (word: string) => unknown
}

const flag = {
  expected: 'true or false',
  read: (value: unknown) => (typeof value === 'boolean' ? value : undefined),
  fromWord: (word: string) => (word === 'true' || word === 'false' ? word === 'true' : word),
}
const duration = {
  expected: 'a duration such as 500ms, 30s, 5m, 1h or 0',
  read: readDuration,
  fromWord: (word: string) => word,
}
const splitWords = (word: string) => word.split(',')

const specs: Readonly<Record<string, OptionSpec>> = {
  transaction: { field: 'transaction', ...flag },
  resumable: { field: 'resumable', ...flag },
  breaking: { field: 'breaking', ...flag },
  outOfOrder: { field: 'outOfOrder', ...flag },
  dependsOn: {
    field: 'dependsOn',
    expected: 'a list of names, versions or parts of names',
    read: (value) => readList(value, (item) => item.trim() !== ''),
    fromWord: splitWords,
  },
  dialects: {
    field: 'dialects',
    expected: 'a list of postgres and sqlite',
    read: (value) => {
      const list = readList(value, (item) => item === 'postgres' || item === 'sqlite')
      return list?.length === 0 ? undefined : list
    },
    fromWord: splitWords,
  },
  ddlLockTimeout: { field: 'ddlLockTimeoutMs', ...duration },
  statementTimeout: { field: 'statementTimeoutMs', ...duration },
}

/** From a script's `export const options`. Numbers are milliseconds. Throws SlipwayError bad-options naming every fault. */
export function readScriptOptions(file: MigrationFile, exported: unknown): DeclaredOptions {
  if (exported === undefined) return defaultOptions
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported))
    throw badOptions(file, ['options is not an object'])
  return readOptions(file, Object.entries(exported))
}

/** From the words of a `-- migrate:up` line. Throws SlipwayError bad-options naming every fault. */
export function readSqlOptions(
  file: MigrationFile,
  words: Readonly<Record<string, string>>,
): DeclaredOptions {
  return readOptions(
    file,
    Object.entries(words).map(([key, word]) => [key, specOf(key)?.fromWord(word) ?? word]),
  )
}

function readOptions(file: MigrationFile, entries: readonly (readonly [string, unknown])[]): DeclaredOptions {
  const problems: string[] = []
  const fields: Record<string, unknown> = {}
  for (const [key, value] of entries) {
    if (value === undefined) continue
    const spec = specOf(key)
    const read = spec?.read(value)
    if (spec === undefined) problems.push(describeUnknown(key))
    else if (read === undefined) problems.push(`${key} is ${showValue(value)}, not ${spec.expected}`)
    else fields[spec.field] = read
  }
  if (problems.length > 0) throw badOptions(file, problems)
  return { ...defaultOptions, ...fields }
}

function specOf(key: string): OptionSpec | undefined {
  return Object.hasOwn(specs, key) ? specs[key] : undefined
}

function describeUnknown(key: string): string {
  const meant = nearest(key, Object.keys(specs))
  return `there is no option ${key}${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function showValue(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
}

function readDuration(value: unknown): number | undefined {
  if (typeof value === 'string') return parseDuration(value)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function readList(value: unknown, isItem: (item: string) => boolean): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.every((item) => typeof item === 'string' && isItem(item)) ? value : undefined
}

export function badOptions(file: MigrationFile, problems: readonly string[]): SlipwayError {
  return new SlipwayError('bad-options', `${file.up.shown}: ${problems.join('; ')}`, {
    migration: file.name,
    location: { file: file.up.shown },
  })
}
