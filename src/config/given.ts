import { resolve } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { nearest } from '../plan/nearest.ts'
import type { Keyword } from './libpq-parameters.ts'
import type { UrlContext } from './url-problem.ts'

/** A connection parameter as it was written, and where. */
export interface Given {
  readonly text: string
  /** How messages call its place: `DATABASE_URL`, `PGSSLMODE`, `service "shop" in /etc/pg_service.conf`. */
  readonly name: string
  readonly inUrl: boolean
}

/** The strongest value of a parameter; an empty one counts as not given. */
export type Parameters = (keyword: Keyword) => Given | undefined

/** A path: in a URL it starts where the URL stands, elsewhere in the working directory. */
export function resolveGiven({ text, inUrl }: Given, { cwd, surroundings }: UrlContext): string {
  return resolve(inUrl ? cwd : (surroundings?.cwd ?? cwd), text)
}

/** `problem` follows the name of the place and never repeats the value. */
export function refuseGiven(given: Given, problem: string, hint?: string): SlipwayError {
  const facts = hint === undefined ? {} : { hint }
  if (given.inUrl) return new SlipwayError('bad-url', `${given.name} ${problem}`, facts)
  return new SlipwayError('bad-setting', `${given.name} ${problem}`, {
    hint: hint ?? `correct ${given.name}; docs/connecting.md has all parameters`,
  })
}

/** One of some words, or undefined where nothing is given. Throws bad-url or bad-setting with the nearest word. */
export function readWord<Word extends string>(
  parameters: Parameters,
  keyword: Keyword,
  words: readonly Word[],
): Word | undefined {
  const given = parameters(keyword)
  if (given === undefined) return undefined
  const word = words.find((known) => known === given.text)
  if (word !== undefined) return word
  throw unknownWord(given, keyword, words)
}

export function unknownWord(given: Given, keyword: string, words: readonly string[]): SlipwayError {
  const near = nearest(given.text, words)
  const problem = `has an unknown ${keyword}; known are ${words.join(', ')}`
  return refuseGiven(given, problem, near === undefined ? undefined : `did you mean ${keyword}=${near}?`)
}
