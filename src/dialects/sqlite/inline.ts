/** Bound values as literals, so that a statement can be sent by somebody else. */
import { readSqliteToken } from '../../sql/sqlite-tokens.ts'
import { readTokens } from '../../sql/token.ts'
import { type SqliteValue, toSqliteValues } from './values.ts'

/** `text` holds a `?` for each value; those inside strings, quoted names and comments are text. */
export function inlineValues(text: string, values: readonly unknown[]): string {
  if (values.length === 0) return text
  const literals = toSqliteValues(values).map(toLiteral)
  let next = 0
  let inlined = ''
  for (const token of readTokens(text, readSqliteToken)) {
    const part = text.slice(token.start, token.end)
    inlined += token.kind === 'symbol' && part === '?' ? (literals[next++] ?? part) : part
  }
  return inlined
}

export function textLiteral(text: string): string {
  // SQLite's own parser would end the string there.
  if (text.includes('\0')) return `cast(x'${Buffer.from(text).toString('hex')}' as text)`
  return `'${text.replaceAll("'", "''")}'`
}

function toLiteral(value: SqliteValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return textLiteral(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return realLiteral(value)
  return `x'${Buffer.from(value).toString('hex')}'`
}

/** With a point or an exponent, or it would be an integer; an infinity is what overflows. */
function realLiteral(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  if (!Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999'
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}
