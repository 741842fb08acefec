/** The version of a migration that does not exist yet. */
import { SlipwayError } from '../errors.ts'
import { compareMigrations, type ParsedName } from './name.ts'

/** YYYYMMDDHHMMSS that sorts after every timestamp in `existing`; sequence numbers sort before it anyway. */
export function nextVersion(now: Date, existing: readonly ParsedName[]): string {
  const newest = [...existing].sort(compareMigrations).at(-1)?.version
  const version = digitsOf(now)
  if (newest?.kind !== 'timestamp' || newest.key < version) return version
  return nextSecond(newest.key.slice(0, 14))
}

/** Digits that are no time of day (`20260131999999`) run over into later days, so the result still sorts later. */
export function nextSecond(version: string): string {
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
