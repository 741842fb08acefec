/** Bound values as literals, so that a statement can be sent by somebody else. */
import { readPostgresToken } from '../../sql/postgres-tokens.ts'
import { readTokens } from '../../sql/token.ts'
import { literal } from './naming.ts'
import { toPostgresValues } from './values.ts'

/** `text` holds `$1`, `$2` …; those inside strings, quoted names and comments are text. */
export function inlineValues(text: string, values: readonly unknown[]): string {
  if (values.length === 0) return text
  const literals = toPostgresValues(values, (composite) => composite).map(toLiteral)
  let inlined = ''
  let isParameter = false
  for (const token of readTokens(text, readPostgresToken)) {
    const part = text.slice(token.start, token.end)
    if (isParameter) {
      // `$1` is read as a symbol and a word.
      const found = token.kind === 'word' && /^\d+$/.test(part) ? literals[Number(part) - 1] : undefined
      inlined += found ?? `$${part}`
      isParameter = false
    } else if (token.kind === 'symbol' && part === '$') isParameter = true
    else inlined += part
  }
  return isParameter ? `${inlined}$` : inlined
}

/** As the driver declares them: what it leaves to the server is a literal without a type, for which the same rules hold. */
function toLiteral(value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return String(value)
    case 'bigint':
      return `${literal(String(value))}::bigint`
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Date) return `${literal(value.toISOString())}::timestamptz`
      if (value instanceof Uint8Array) return `${literal(`\\x${Buffer.from(value).toString('hex')}`)}::bytea`
      return literal(String(value))
    default:
      return literal(String(value))
  }
}
