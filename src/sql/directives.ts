/**
 * The `-- migrate:up` and `-- migrate:down` lines of a SQL file. A line that only looks like one, inside a string,
 * a dollar-quoted body or a block comment, is text like any other.
 */
import { findForeignMarker } from './foreign-markers.ts'
import { readPostgresToken } from './postgres-tokens.ts'
import { readSqliteToken } from './sqlite-tokens.ts'
import { SqlSyntaxError } from './statement.ts'
import { isTrivia, readTokens, type Token } from './token.ts'

export interface Section {
  /** What is between this marker's line and the next marker's, as written. */
  readonly text: string
  /** UTF-16 offset of `text` in the file. */
  readonly offset: number
  /** The `key:value` words of the marker's line. Which keys exist is for the caller to say. */
  readonly options: Readonly<Record<string, string>>
}

export interface Sections {
  readonly up: Section
  readonly down?: Section
}

interface Marker {
  readonly direction: 'up' | 'down'
  /** Of the two dashes. */
  readonly offset: number
  readonly lineStart: number
  readonly bodyStart: number
  readonly options: Readonly<Record<string, string>>
}

const mayHoldMarker = /--[ \t]*migrate:/i
const markerComment = /^--[ \t]*migrate:(\S*)/i
/** "-- migrate: down the road" is prose, "-- migrate: down" a slip that must not make the rest of the file up. */
const slip = /^--[ \t]*migrate:[ \t]+(up|down)(?:[ \t]+\S+:\S*)*[ \t]*$/i
const prose = /^--[ \t]*migrate:[ \t]+\S/i
const readers = { postgres: readPostgresToken, sqlite: readSqliteToken } as const

/**
 * Splits a file at its markers; without any, all of it is `up`. Throws SqlSyntaxError, its offset in the file, for
 * statements before the first marker, repeated or misordered markers, unknown directives and malformed options.
 * `dialect` decides how quotes and comments are read; it matters for little more than `[it's]`.
 */
export function parseDirectives(text: string, dialect: 'postgres' | 'sqlite' = 'postgres'): Sections {
  const [up, down, ...surplus] = findMarkers(text, dialect)
  if (up === undefined) {
    refuseForeignMarker(text, dialect)
    return { up: { text, offset: 0, options: {} } }
  }
  if (up.direction === 'down')
    throw new SqlSyntaxError(
      '-- migrate:down comes before -- migrate:up',
      up.offset,
      'put the -- migrate:up section first',
    )
  if (down === undefined) return { up: sectionOf(text, up, undefined) }
  const repeated = down.direction === 'up' ? down : surplus[0]
  if (repeated !== undefined)
    throw new SqlSyntaxError(
      `a second -- migrate:${repeated.direction}`,
      repeated.offset,
      'keep one section of each direction in a file',
    )
  return { up: sectionOf(text, up, down), down: sectionOf(text, down, undefined) }
}

/** Such a file would create its tables and drop them again at once, and be recorded as applied. */
function refuseForeignMarker(text: string, dialect: 'postgres' | 'sqlite'): void {
  const marker = findForeignMarker(text, readers[dialect])
  if (marker === undefined) return
  throw new SqlSyntaxError(
    `${marker.text} is another tool's marker: what follows it would be run as well`,
    marker.offset,
    "write -- migrate:up and -- migrate:down in place of that tool's markers",
  )
}

function findMarkers(text: string, dialect: 'postgres' | 'sqlite'): Marker[] {
  if (!mayHoldMarker.test(text)) return []
  const markers: Marker[] = []
  let firstCode: Token | undefined
  for (const token of readTokens(text, readers[dialect])) {
    if (!isTrivia(token)) firstCode ??= token
    if (token.kind !== 'line-comment') continue
    const marker = readMarker(text, token)
    if (marker === undefined) continue
    if (firstCode !== undefined && markers.length === 0)
      throw new SqlSyntaxError(
        `SQL before the first -- migrate:${marker.direction} would never run`,
        firstCode.start,
        'move it below -- migrate:up',
      )
    markers.push(marker)
  }
  return markers
}

function readMarker(text: string, comment: Token): Marker | undefined {
  const source = text.slice(comment.start, comment.end)
  const spaced = slip.exec(source)?.[1]?.toLowerCase()
  if (spaced !== undefined)
    throw new SqlSyntaxError('a blank after "migrate:"', comment.start, `write -- migrate:${spaced}`)
  const [head = '', word = ''] = markerComment.exec(source) ?? []
  if (head === '' || prose.test(source)) return undefined
  const direction = word.toLowerCase()
  const isDirection = direction === 'up' || direction === 'down'
  if (!isDirection)
    throw new SqlSyntaxError(
      `unknown directive -- migrate:${word}`,
      comment.start,
      'write -- migrate:up or -- migrate:down',
    )
  const lineStart = comment.start === 0 ? 0 : text.lastIndexOf('\n', comment.start - 1) + 1
  if (text.slice(lineStart, comment.start).trim() !== '')
    throw new SqlSyntaxError(
      `-- migrate:${direction} is not on a line of its own`,
      comment.start,
      'begin a new line before it',
    )
  return {
    direction,
    offset: comment.start,
    lineStart,
    bodyStart: Math.min(comment.end + 1, text.length),
    options: readOptions(source, head.length, comment.start),
  }
}

function readOptions(source: string, from: number, base: number): Readonly<Record<string, string>> {
  const options = new Map<string, string>()
  for (const match of source.slice(from).matchAll(/\S+/g)) {
    const offset = base + from + match.index
    const [, key, value] = /^([A-Za-z][A-Za-z0-9_-]*):(\S+)$/.exec(match[0]) ?? []
    if (key === undefined || value === undefined)
      throw new SqlSyntaxError(`"${match[0]}" is not an option`, offset, 'write key:value, without blanks')
    if (options.has(key))
      throw new SqlSyntaxError(`the option "${key}" is given twice`, offset, 'keep one of them')
    options.set(key, value)
  }
  return Object.fromEntries(options)
}

function sectionOf(text: string, marker: Marker, next: Marker | undefined): Section {
  const body = text.slice(marker.bodyStart, next?.lineStart)
  return { text: body, offset: marker.bodyStart, options: marker.options }
}
