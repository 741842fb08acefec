/** A SQLite migration's text as statements. */

import { refusesTransaction } from './sqlite-head.ts'
import { readSqliteToken } from './sqlite-tokens.ts'
import { type ParsedStatement, SqlSyntaxError } from './statement.ts'
import { isTrivia, readTokens, type Token } from './token.ts'
import { transactionControlOf } from './transaction-control.ts'

export { dropsTable } from './sqlite-head.ts'

/**
 * Splits `text` at its top-level semicolons. Throws SqlSyntaxError, its offset relative to `text`, for a string,
 * comment or trigger that does not end; any other mistake is SQLite's to find.
 */
export function splitSqlite(text: string): ParsedStatement[] {
  const nul = text.indexOf('\0')
  if (nul !== -1) throw new SqlSyntaxError('the text holds a NUL byte', nul, 'save it as UTF-8 text')
  const statements: ParsedStatement[] = []
  let state: State = 'start'
  let first: Token | undefined
  let last: Token | undefined
  for (const token of readTokens(text, readSqliteToken)) {
    if (!token.closed) throw unclosed(text, token)
    if (isTrivia(token)) continue
    state = transitions[state][symbolOf(text, token)] ?? resting[state]
    if (state !== 'start') {
      first ??= token
      last = token
    } else if (first !== undefined && last !== undefined) {
      statements.push(describe(text, first.start, last.end))
      first = undefined
    }
  }
  if (first === undefined || last === undefined) return statements
  if (state === 'trigger' || state === 'semicolon')
    throw new SqlSyntaxError('the trigger does not end', first.start, 'close its body with end;')
  return [...statements, describe(text, first.start, last.end)]
}

/**
 * The states of sqlite3_complete (https://www.sqlite.org/c3ref/complete.html): inside a trigger only `; end ;` ends
 * the statement, so neither the body's semicolons nor a `case … end` do.
 */
type State = 'start' | 'normal' | 'explain' | 'create' | 'trigger' | 'semicolon' | 'end'
type Symbol = ';' | 'explain' | 'create' | 'temp' | 'trigger' | 'end' | 'other'

const transitions: { readonly [S in State]: { readonly [Y in Symbol]?: State } } = {
  start: { ';': 'start', explain: 'explain', create: 'create' },
  normal: { ';': 'start' },
  explain: { ';': 'start', create: 'create', other: 'explain' },
  create: { ';': 'start', temp: 'create', trigger: 'trigger' },
  trigger: { ';': 'semicolon' },
  semicolon: { ';': 'semicolon', end: 'end' },
  end: { ';': 'start' },
}

/** Where any other symbol leads. */
const resting: { readonly [S in State]: State } = {
  start: 'normal',
  normal: 'normal',
  explain: 'normal',
  create: 'normal',
  trigger: 'trigger',
  semicolon: 'trigger',
  end: 'trigger',
}

function symbolOf(text: string, token: Token): Symbol {
  const source = text.slice(token.start, token.end).toLowerCase()
  switch (source) {
    case ';':
    case 'explain':
    case 'create':
    case 'temp':
    case 'trigger':
    case 'end':
      return source
    case 'temporary':
      return 'temp'
    default:
      return 'other'
  }
}

function unclosed(text: string, token: Token): SqlSyntaxError {
  const what = token.kind === 'block-comment' ? 'comment' : token.kind === 'string' ? 'string' : 'quoted name'
  return new SqlSyntaxError(
    `the ${what} that begins with ${text.slice(token.start, token.start + 12).split('\n')[0]} does not end`,
    token.start,
  )
}

function describe(source: string, start: number, end: number): ParsedStatement {
  const text = source.slice(start, end)
  const control = transactionControlOf(text)
  return {
    text,
    offset: start,
    transaction: refusesTransaction(text) ? 'refused' : 'any',
    locks: [],
    ...(control === undefined ? {} : { transactionControl: control }),
  }
}
