/** SQLite names what it did not like, not where: look for it in the statement. */
import { readSqliteToken } from '../../sql/sqlite-tokens.ts'
import { readTokens, type Token } from '../../sql/token.ts'

/** Messages of SQLite's parser and name resolution that quote one name; the first group is that name. */
const namedIn: readonly RegExp[] = [
  /^no such (?:column|table|index|view|trigger|function|module|collation sequence|savepoint|window|database|tokenizer): (.+?)(?: - should this be a string literal in single-quotes\?)?$/s,
  /^(?:ambiguous column name|duplicate column name|duplicate WITH table name|unable to use function): (.+?)(?: in the requested context)?$/s,
  /^(?:table|index|view|trigger|database) (.+) (?:already exists|is already in use)$/s,
  /^there is already (?:an index|a table) named (.+)$/s,
  /^table .+ has no column named (.+)$/s,
  /^(?:unknown database|no such savepoint:?|unknown table option:) (.+)$/s,
  /^(?:wrong number of arguments to function|misuse of (?:aggregate|window function):?) (.+?)\(\)$/s,
  /^unknown column "(.+)" in foreign key definition$/s,
]

/**
 * UTF-16 offset of the token that `message` complains about, if exactly one token of `text` is that name.
 * A qualified name is looked for by its last part.
 */
export function findNamedToken(text: string, message: string): number | undefined {
  const name = namedIn.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined)
  if (name === undefined) return undefined
  const wanted = new Set([fold(name), fold(name.slice(name.lastIndexOf('.') + 1))])
  const places: number[] = []
  for (const token of readTokens(text, readSqliteToken)) {
    if (isName(token) && wanted.has(fold(sourceOf(text, token)))) places.push(token.start)
  }
  return places.length === 1 ? places[0] : undefined
}

function isName(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'identifier' || token.kind === 'string'
}

function sourceOf(text: string, token: Token): string {
  return text.slice(token.start, token.end)
}

/** Names compare without case, and without the quotes that a statement or a message puts around them. */
function fold(name: string): string {
  const quoted = /^(["'`])(.*)\1$/s.exec(name)
  const bare =
    quoted === null ? name.replace(/^\[(.*)\]$/s, '$1') : (quoted[2] ?? '').replaceAll(/(["'`])\1/g, '$1')
  return bare.toLowerCase()
}
