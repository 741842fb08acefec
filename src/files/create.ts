/** `new`: the next migration, blank. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { compareMigrations, type ParsedName } from '../plan/name.ts'
import { blankSql, blankTypeScript } from './blank.ts'
import { errnoOf } from './folder.ts'

export interface CreateOptions {
  /** Absolute; made if it is not there. */
  readonly dir: string
  /** As a person says it: `Add user e-mail`. */
  readonly name: string
  readonly language: 'typescript' | 'sql'
  readonly now: Date
  /** What the folder holds already, in any order. */
  readonly existing: readonly ParsedName[]
}

/**
 * Writes the file and returns its path. The version is `now` as YYYYMMDDHHMMSS in UTC, or one second after the
 * newest timestamp that is there. Throws SlipwayError bad-argument for a name that leaves no slug, not-writable if
 * the folder cannot be written.
 */
export async function createMigration(options: CreateOptions): Promise<string> {
  const slug = slugOf(options.name)
  const text = options.language === 'sql' ? blankSql : blankTypeScript
  const extension = options.language === 'sql' ? 'sql' : 'ts'
  try {
    mkdirSync(options.dir, { recursive: true })
    for (let version = nextVersion(options.now, options.existing); ; version = secondAfter(version)) {
      const path = join(options.dir, `${version}_${slug}.${extension}`)
      if (writeNew(path, text)) return path
    }
  } catch (error) {
    if (error instanceof SlipwayError) throw error
    const message = `cannot write to ${options.dir} (${errnoOf(error) ?? error})`
    throw new SlipwayError('not-writable', message, {
      hint: `make the folder writable: ${options.dir}`,
      cause: error,
    })
  }
}

/** False if there is such a file: nothing is ever written over. */
function writeNew(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/** YYYYMMDDHHMMSS that sorts after every timestamp in `existing`; sequence numbers sort before it anyway. */
export function nextVersion(now: Date, existing: readonly ParsedName[]): string {
  const newest = [...existing].sort(compareMigrations).at(-1)?.version
  const version = digitsOf(now)
  if (newest?.kind !== 'timestamp' || newest.key < version) return version
  return secondAfter(newest.key.slice(0, 14))
}

/** Digits that are no time of day (`20260131999999`) run over into later days, so the result still sorts later. */
function secondAfter(version: string): string {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (
    version.match(/^\d{4}|\d\d/g) ?? []
  ).map(Number)
  return digitsOf(new Date(Date.UTC(year, month - 1, day, hour, minute, second + 1)))
}

/** Throws bad-argument past the year 9999: five digits would sort before every four. */
function digitsOf(date: Date): string {
  if (date.getUTCFullYear() > 9999)
    throw new SlipwayError('bad-argument', 'no version sorts after the newest one: its year is 9999', {
      hint: 'give the newest migration the version of a day that will come',
    })
  return date.toISOString().replace(/\D/g, '').slice(0, 14)
}

const longestSlug = 150

/** `Add user e-mail` → `add_user_e_mail`. Throws SlipwayError bad-argument. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFC')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
  const hint = 'slipway new add_user_email'
  if (slug === '')
    throw new SlipwayError('bad-argument', `no letter or digit in the name "${name}"`, { hint })
  if (Buffer.byteLength(slug) > longestSlug)
    throw new SlipwayError('bad-argument', `the name is longer than ${longestSlug} bytes`, { hint })
  return slug
}
