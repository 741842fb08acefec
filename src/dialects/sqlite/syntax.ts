/** SQLite's own parser as the judge of syntax, and a search for the place, which it does not tell. */
import { quoteSqliteId } from '../../sql/quote.ts'
import { splitSqlite } from '../../sql/sqlite.ts'
import { readSqliteToken } from '../../sql/sqlite-tokens.ts'
import { type ParsedStatement, SqlSyntaxError } from '../../sql/statement.ts'
import { readTokens } from '../../sql/token.ts'
import { compileStatement, type Handle, openMemory } from './driver.ts'

/** The parser's and the tokenizer's messages; anything else is about names that may exist by the time it runs. */
const syntaxMessage = /^(?:near "(.*)": syntax error|unrecognized token: "(.*)"|incomplete input)$/s

/** See Dialect.parse. */
export function parseSqlite(text: string): ParsedStatement[] {
  const statements = splitSqlite(text)
  const handle = openMemory()
  try {
    for (const statement of statements) checkSyntax(handle, statement)
  } finally {
    handle.close()
  }
  return statements
}

/** UTF-16 offset in `text` of what `error` complains about; undefined if it is no syntax error. */
export function findSyntaxError(text: string, error: unknown): number | undefined {
  if (!(error instanceof Error) || !syntaxMessage.test(error.message)) return undefined
  const handle = openMemory()
  try {
    return locate(handle, text, error.message)
  } finally {
    handle.close()
  }
}

function checkSyntax(handle: Handle, statement: ParsedStatement): void {
  // Some pragmas act when they are compiled, on the whole process; https://www.sqlite.org/pragma.html
  if (/^(?:explain\s+(?:query\s+plan\s+)?)?pragma\b/i.test(statement.text)) return
  const error = compileWithTarget(handle, statement.text)
  if (error === undefined || !syntaxMessage.test(error.message)) return
  const position = locate(handle, statement.text, error.message)
  throw new SqlSyntaxError(error.message, statement.offset + position)
}

/**
 * `create trigger` looks for its table before it reads the body, so a mistake there would hide behind a table that is
 * still to come. An empty stand-in takes its place: a table, or a view for `instead of`.
 */
function compileWithTarget(handle: Handle, text: string): Error | undefined {
  let error = compileStatement(handle, text)
  const missing = /^no such table: (?:main\.|temp\.)?(.+)$/s.exec(error?.message ?? '')?.[1]
  if (missing === undefined || !/^create\b.*?\btrigger\b/is.test(text)) return error
  const name = quoteSqliteId(missing)
  handle.exec(`create table ${name} (a)`)
  error = compileStatement(handle, text)
  if (error?.message.startsWith('cannot create INSTEAD OF') !== true) return error
  handle.exec(`drop table ${name}; create view ${name} as select 1 as a`)
  return compileStatement(handle, text)
}

/**
 * The text up to and with the offending token gives the same message as the whole; every shorter text ends too soon
 * and gives another one, or none. So the first token that makes the message appear is found by halving.
 */
function locate(handle: Handle, text: string, message: string): number {
  const match = syntaxMessage.exec(message)
  const offending = match?.[1] ?? match?.[2]
  if (offending === undefined) return text.length
  const tokens = [...readTokens(text, readSqliteToken)]
  const ends = new Set(tokens.map((token) => token.end))
  const places = tokens
    .map((token) => token.start)
    .filter((start) => text.startsWith(offending, start) && ends.has(start + offending.length))
  const complains = (start: number) =>
    compileStatement(handle, text.slice(0, start + offending.length))?.message === message
  let low = 0
  let high = places.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (complains(places[middle] ?? 0)) high = middle
    else low = middle + 1
  }
  return places[low] ?? text.length
}
