/** Two pieces of DDL as SQLite would read them. */
import { readSqliteToken } from '../../sql/sqlite-tokens.ts'
import { isTrivia, readTokens, type Token } from '../../sql/token.ts'

/** A token with its text as far as it matters: keywords and names in lower case and without quotes. */
export interface Piece {
  readonly text: string
  readonly start: number
  readonly end: number
}

export function readPieces(sql: string): Piece[] {
  return [...readTokens(sql, readSqliteToken)]
    .filter((token) => !isTrivia(token))
    .map((token) => ({ text: foldToken(sql, token), start: token.start, end: token.end }))
}

/**
 * Throws when what exists is not what `like` says. Blanks, comments, case and quotes do not count, nor do
 * `if not exists`, the schema main and a closing semicolon.
 */
export function assertSameDefinition(
  what: 'index' | 'constraint',
  name: string,
  existing: string | null,
  like: string,
): void {
  if (existing !== null && normalise(existing) === normalise(like)) return
  throw new Error(
    `the ${what} ${name} exists with another definition: ${existing ?? '(made by a constraint)'}; expected: ${like}`,
  )
}

function normalise(sql: string): string {
  return readPieces(sql)
    .map(({ text }) => text)
    .join(' ')
    .replace(/(?: ;)+$/, '')
    .replace(/^(create (?:unique )?index) if not exists /, '$1 ')
    .replace(/^(create (?:unique )?index) main \. /, '$1 ')
}

function foldToken(sql: string, token: Token): string {
  const source = sql.slice(token.start, token.end)
  if (token.kind === 'word') return source.toLowerCase()
  if (token.kind !== 'identifier') return source
  const quote = source.charAt(0)
  const inner = source.slice(1, -1)
  return (quote === '[' ? inner : inner.replaceAll(quote + quote, quote)).toLowerCase()
}
