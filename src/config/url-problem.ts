/** What all URL parsers share: where a URL came from, what they return, and how they refuse. */
import { SlipwayError } from '../errors.ts'
import type { DatabaseUrl } from './url.ts'

export interface Warning {
  readonly code: string
  readonly message: string
}

export interface ParsedUrl {
  readonly url: DatabaseUrl
  readonly warnings: readonly Warning[]
  /** What must never be printed and does not stand in the URL itself. */
  readonly secrets?: readonly string[]
}

export interface UrlContext {
  /** How messages call the URL: the variable or flag it came from. */
  readonly name: string
  /** Relative SQLite paths start here. */
  readonly cwd: string
  /** Name of the user we run as; undefined where the uid has none. */
  readonly osUser: () => string | undefined
  /** Absent: the URL stands alone. */
  readonly surroundings?: Surroundings
}

/** What libpq looks at besides a URL. */
export interface Surroundings {
  /** A PG* variable that is not empty, and how messages call it: `PGHOST`, `PGHOST in .env`. */
  readonly variable: (name: string) => { readonly text: string; readonly name: string } | undefined
  /** Relative paths of variables and services start here. */
  readonly cwd: string
  readonly home: string | undefined
  /** The directory with the Unix socket of a server on this machine that has this port. */
  readonly findSocket: (port: number) => string | undefined
}

/** `hint` replaces the table's, which shows both forms of URL. */
export function badUrl(context: { readonly name: string }, problem: string, hint?: string): SlipwayError {
  return new SlipwayError('bad-url', `${context.name} ${problem}`, hint === undefined ? {} : { hint })
}

/** For text that cannot be taken apart without guessing where a password ends. */
export function mustEncode(context: { readonly name: string }, where: string): SlipwayError {
  return badUrl(
    context,
    `cannot be read: ${where}`,
    'percent-encode special characters in user, password and database: @ %40, : %3A, / %2F, ? %3F, # %23, % %25',
  )
}
