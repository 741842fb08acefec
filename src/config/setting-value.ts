import { SlipwayError } from '../errors.ts'
import { parseDuration } from '../plan/duration.ts'
import { nearest } from '../plan/nearest.ts'
import { parseList } from './list-value.ts'
import type { Setting } from './setting.ts'
import { showValue } from './show-value.ts'
import { describeSource, type Found, optionHint, type Source } from './source.ts'

/** setTimeout and PostgreSQL's timeouts are signed 32-bit milliseconds; longer ones would fire at once. */
export const longestMs = 2_147_483_647

export const durationForm = 'a duration such as 500ms, 30s, 5m, 1h or 0, at most 596h'

/** Milliseconds. Throws bad-setting, or bad-value for a flag. */
export function readDuration(setting: Setting, found: Found | undefined): number {
  const ms = parseDuration(found?.text ?? setting.default ?? '')
  if (ms === undefined || ms > longestMs) throw badValue(setting, found, durationForm)
  return ms
}

export const countForm = 'a whole number from 1 on'

/** undefined without a value and a default. Throws bad-setting, or bad-value for a flag. */
export function readCount(setting: Setting, found: Found | undefined): number | undefined {
  const text = found?.text ?? setting.default
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw badValue(setting, found, countForm)
  return Number(text)
}

/** true, yes, on, 1 and their opposites in any letter case. Throws bad-setting, or bad-value for a flag. */
export function readBoolean(setting: Setting, found: Found | undefined): boolean {
  const text = (found?.text ?? setting.default ?? '').toLowerCase()
  if (['true', 'yes', 'on', '1'].includes(text)) return true
  if (['false', 'no', 'off', '0'].includes(text)) return false
  throw badValue(setting, found, 'true or false')
}

/** Names separated by commas. Throws bad-setting, or bad-value for a flag. */
export function readList(setting: Setting, found: Found | undefined): readonly string[] {
  const items = parseList(found?.text ?? setting.default ?? '')
  if (items === undefined)
    throw badValue(
      setting,
      found,
      'names separated by commas, "in quotes" where one holds a comma or a quote',
    )
  return items
}

interface ChoiceSetting<Value extends string> extends Setting {
  readonly type: { readonly kind: 'choice'; readonly values: readonly Value[] }
}

/** One of the setting's values, or `fallback`. Throws bad-setting, or bad-value for a flag. */
export function readChoice<Value extends string>(
  setting: ChoiceSetting<Value>,
  found: Found | undefined,
  fallback: Value,
): Value {
  if (found === undefined) return fallback
  const { values } = setting.type
  const value = values.find((candidate) => candidate === found.text.toLowerCase())
  if (value === undefined) throw badValue(setting, found, `one of ${values.join(', ')}`, values)
  return value
}

/** The value is repeated only where it cannot be a secret: never from a file. */
export function badValue(
  setting: Setting,
  found: Found | undefined,
  wanted: string,
  candidates: readonly string[] = [],
): SlipwayError {
  const fromFlag = found?.source.kind === 'flag'
  const shown =
    found === undefined || found.source.kind === 'file' || setting.secret === true
      ? ''
      : `, not ${showValue(found.text)}`
  const where = found === undefined ? setting.variable : describeSource(found.source)
  const near = found === undefined ? undefined : nearest(found.text, candidates)
  const advice = [near === undefined ? [] : `did you mean ${near}?`, adviceFor(found?.source) ?? []].flat()
  return new SlipwayError(fromFlag ? 'bad-value' : 'bad-setting', `${where} must be ${wanted}${shown}`, {
    hint: advice.length === 0 ? 'slipway --help' : advice.join(' '),
  })
}

export function correctIn(file: string): string {
  return `correct it in ${file}; to see what counts, and from where: slipway config`
}

/** Where to correct what somebody wrote into a file. */
function adviceFor(source: Source | undefined): string | undefined {
  if (source?.kind === 'option') return optionHint
  const file = source === undefined ? undefined : fileOf(source)
  return file === undefined ? undefined : correctIn(file)
}

function fileOf(source: Source): string | undefined {
  switch (source.kind) {
    case 'flag':
    case 'option':
      return undefined
    case 'variable':
      return source.dotenv
    case 'file':
      return source.path
    case 'config':
      return source.file
  }
}
