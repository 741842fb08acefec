/** What psql and pg_dump put between statements, which the server does not understand. */
import { readPostgresToken } from './postgres-tokens.ts'
import { SqlSyntaxError } from './statement.ts'
import { isTrivia, type Token } from './token.ts'

/** `\restrict` and `\unrestrict` are in every dump since PostgreSQL 17.6; https://www.postgresql.org/docs/current/app-psql.html */
const harmless = /^\\(?:restrict|unrestrict|connect)(?![A-Za-z_])/
const mayMatter = /\\|\bstd(?:in|out)\b/i

/**
 * Replaces the psql commands that mean nothing to a migration by blanks, so that every offset stays. Throws
 * SqlSyntaxError for any other psql command, and for `copy` from or to the client, which sends data beside the SQL.
 */
export function blankPsqlCommands(text: string): string {
  if (!mayMatter.test(text)) return text
  let scan = between
  let kept = ''
  let keptTo = 0
  for (let at = 0; at < text.length; ) {
    const token = readPostgresToken(text, at)
    at = token.end
    if (isTrivia(token)) continue
    const source = text.slice(token.start, token.end).toLowerCase()
    if (source === '\\') {
      at = psqlLineEnd(text, token.start, scan === between)
      kept += text.slice(keptTo, token.start) + ' '.repeat(at - token.start)
      keptTo = at
    } else {
      refuseClientCopy(scan, token, source)
      scan = advance(scan, token, source)
    }
  }
  return kept + text.slice(keptTo)
}

/** Where in a statement the scan is: where it began, its first and latest word, how many parentheses are open. */
interface Scan {
  readonly start: number
  readonly first: string
  readonly latest: string
  readonly depth: number
}

const between: Scan = { start: 0, first: '', latest: '', depth: 0 }

function advance(scan: Scan, token: Token, source: string): Scan {
  if (source === ';') return between
  const { start, first } = scan === between ? { start: token.start, first: source } : scan
  const depth = scan.depth + (source === '(' ? 1 : source === ')' ? -1 : 0)
  return { start, first, latest: source, depth }
}

function psqlLineEnd(text: string, start: number, betweenStatements: boolean): number {
  const newline = text.indexOf('\n', start)
  const end = newline === -1 ? text.length : newline
  const line = text.slice(start, end)
  if (betweenStatements && harmless.test(line)) return end
  const command = /^\\\S*/.exec(line)?.[0] ?? '\\'
  throw new SqlSyntaxError(
    `${command} is a command of psql, not SQL`,
    start,
    'write it as SQL, or use a TypeScript migration',
  )
}

function refuseClientCopy(scan: Scan, token: Token, source: string): void {
  if (token.kind !== 'word' || scan.first !== 'copy' || scan.depth !== 0) return
  const isClient = source === 'stdin' || source === 'stdout'
  if (!isClient || (scan.latest !== 'from' && scan.latest !== 'to')) return
  throw new SqlSyntaxError(
    `copy … ${scan.latest} ${source} needs a client that streams data`,
    scan.start,
    scan.latest === 'from'
      ? 'use insert, or a TypeScript migration'
      : 'use a TypeScript migration if the rows are needed',
  )
}
