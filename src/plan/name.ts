/** File names: which leading part is the version, what kind of version it is, and how two of them sort. */
import type { Version } from './migration.ts'

export interface ParsedName {
  readonly version: Version
  /** What follows the separator; may be empty. */
  readonly slug: string
}

const boundary = '(?=[-_.]|$)'
/** `20260131120000`, `20260131`, `20260131_120000`, `20260131T1200`. */
const compactDate = new RegExp(`^(?:\\d{8}[-_.T](?:\\d{6,9}|\\d{4})|\\d{8,})${boundary}`)
/** `2026_01_31`, `2026-01-31-120000`, `2026-01-31-120000-0000`, `2026.01.31T12.00.00`. */
const groupedDate = new RegExp(
  `^\\d{4}([-_.])\\d{2}\\1\\d{2}(?:[-_.T](?:\\d{6}-\\d{4}|\\d{6,9}|\\d{4}|\\d{2}([-_.])\\d{2}\\2\\d{2}))?${boundary}`,
)
const prefixedParts = /^\d+(?:[._]\d+)+(?=__|$)/
const dottedParts = new RegExp(`^\\d+(?:\\.\\d+)+${boundary}`)
const singleNumber = new RegExp(`^\\d+${boundary}`)

/**
 * A name without its extension as version and slug; undefined if it does not begin with a version.
 * A digit run that begins with a valid date is a timestamp (8 or more digits, or grouped); all else is a sequence
 * number. `V` or `v` in front is dropped, and only then may `_` join the parts of a number: `V1_2__name`.
 */
export function parseMigrationName(stem: string): ParsedName | undefined {
  const prefixed = /^[vV](?=\d)/.test(stem)
  const name = prefixed ? stem.slice(1) : stem
  const version = leadingVersion(name, prefixed)
  if (version === undefined) return undefined
  return { version, slug: withoutSeparator(name.slice(version.text.length)) }
}

function withoutSeparator(rest: string): string {
  if (rest.startsWith('__')) return rest.slice(2)
  return '-_.'.includes(rest.charAt(0)) ? rest.slice(1) : rest
}

/** A text that is a version and nothing else. */
export function parseVersion(text: string): Version | undefined {
  const prefixed = /^[vV](?=\d)/.test(text)
  const digits = prefixed ? text.slice(1) : text
  const version = leadingVersion(digits, prefixed)
  return version?.text === digits ? version : undefined
}

/** Sequence numbers by value, then timestamps as right-padded digits; ties by slug, by code unit. */
export function compareMigrations(a: ParsedName, b: ParsedName): number {
  return compareVersions(a.version, b.version) || compareText(a.slug, b.slug)
}

export function compareVersions(a: Version, b: Version): number {
  if (a.kind !== b.kind) return a.kind === 'sequence' ? -1 : 1
  return compareText(a.key, b.key)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function leadingVersion(name: string, prefixed: boolean): Version | undefined {
  const common = prefixed ? undefined : commonVersion(name)
  if (common !== undefined) return common
  const parts = prefixed ? prefixedParts.exec(name)?.[0] : undefined
  if (parts !== undefined) return versionOfParts(parts)
  for (const pattern of [compactDate, groupedDate]) {
    const text = pattern.exec(name)?.[0]
    if (text !== undefined && beginsWithDate(digitsOf(text)))
      return { kind: 'timestamp', text, key: timestampKey(digitsOf(text)) }
  }
  const text = dottedParts.exec(name)?.[0] ?? singleNumber.exec(name)?.[0]
  return text === undefined ? undefined : sequence(text, text.split('.'))
}

/**
 * Digits and then a slug, which is how nearly all are written, without a regular expression: a start with thousands of
 * files has no time for those. Undefined for every other style.
 */
function commonVersion(name: string): Version | undefined {
  let end = 0
  while (isDigit(name.charCodeAt(end))) end += 1
  const isFollowedBySlug = end === name.length || (name[end] === '_' && !isDigit(name.charCodeAt(end + 1)))
  // Eight digits may be a day with the time behind it.
  if (end === 0 || end === 8 || !isFollowedBySlug) return undefined
  const text = name.slice(0, end)
  if (end > 8 && beginsWithDate(text)) return { kind: 'timestamp', text, key: timestampKey(text) }
  return sequence(text, [text])
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Parts compare as numbers, so a date in front is padded by itself: `V20260131.2` is before `V20260131.10`. */
function versionOfParts(text: string): Version | undefined {
  const parts = text.split(/[._]/)
  const [first = ''] = parts
  if (first.length >= 8 && beginsWithDate(first)) return timestampOfParts(text, first, parts.slice(1))
  const grouped = /^\d{4},\d\d,\d\d$/.test(parts.slice(0, 3).join()) ? parts.slice(0, 3).join('') : ''
  if (beginsWithDate(grouped)) return timestampOfParts(text, grouped, parts.slice(3))
  return sequence(text, parts)
}

function timestampOfParts(text: string, date: string, parts: readonly string[]): Version | undefined {
  const rest = parts.length === 0 ? undefined : sequence(text, parts)
  return { kind: 'timestamp', text, key: [timestampKey(date), rest?.key].filter(Boolean).join('.') }
}

const longestNumber = 40

/** Trailing zero parts are dropped: `1` and `1.0` are one version. */
function sequence(text: string, parts: readonly string[]): Version | undefined {
  const numbers = parts.map((part) => part.replace(/^0+(?=\d)/, ''))
  while (numbers.length > 1 && numbers.at(-1) === '0') numbers.pop()
  if (numbers.some((number) => number.length > longestNumber)) return undefined
  return {
    kind: 'sequence',
    text,
    key: numbers.map((number) => number.padStart(longestNumber, '0')).join('.'),
  }
}

/** 17 digits reach to the millisecond; more are kept, save for trailing zeros, so that equal instants tie. */
function timestampKey(digits: string): string {
  const key = digits.slice(0, 17).padEnd(17, '0')
  return digits.length <= 17 ? key : key + digits.slice(17).replace(/0+$/, '')
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}

/**
 * Years before 1970 are no dates: no migration is that old, and the epochs of the years up to 2032 (`1767225600`,
 * `1767225600000`) would begin with one.
 */
function beginsWithDate(digits: string): boolean {
  if (digits.length < 8) return false
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].map(Number) as [
    number,
    number,
    number,
  ]
  const date = new Date(Date.UTC(year, month - 1, day))
  return year >= 1970 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
