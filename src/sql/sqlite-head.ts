/** What the first words of a SQLite statement tell. */
import { readSqliteToken } from './sqlite-tokens.ts'
import { isTrivia, readTokens } from './token.ts'

/** Settings that SQLite refuses or ignores to change inside a transaction; https://www.sqlite.org/pragma.html */
const settingsOutsideTransactions = new Set(['journal_mode', 'synchronous'])

/**
 * Whether SQLite will not do this inside a transaction: vacuum, a checkpoint, a change of journal_mode or synchronous.
 * `pragma foreign_keys` is not among them, although it does nothing there.
 */
export function refusesTransaction(text: string): boolean {
  const words = headOf(text, 5)
  const verb = words[0]?.toLowerCase()
  if (verb !== 'pragma') return verb === 'vacuum'
  const [name = '', operator] = afterSchema(words.slice(1))
  const pragma = unquoteSqliteName(name).toLowerCase()
  if (pragma === 'wal_checkpoint') return true
  return settingsOutsideTransactions.has(pragma) && (operator === '=' || operator === '(')
}

/** The name of the table that `drop table` removes from the main database, without quotes; undefined for all else. */
export function dropsTable({ text }: { readonly text: string }): string | undefined {
  const words = headOf(text, 7)
  const keywords = words.map((word) => word.toLowerCase())
  if (keywords[0] !== 'drop' || keywords[1] !== 'table') return undefined
  const name = words.slice(keywords[2] === 'if' && keywords[3] === 'exists' ? 4 : 2)
  const schema = name[1] === '.' ? unquoteSqliteName(name[0] ?? '').toLowerCase() : 'main'
  const table = afterSchema(name)[0]
  return schema === 'main' && table !== undefined ? unquoteSqliteName(table) : undefined
}

/** The sources of the first `count` tokens that are neither blank nor comment. */
export function headOf(text: string, count: number): readonly string[] {
  const head: string[] = []
  for (const token of readTokens(text, readSqliteToken)) {
    if (isTrivia(token)) continue
    head.push(text.slice(token.start, token.end))
    if (head.length === count) break
  }
  return head
}

function afterSchema(words: readonly string[]): readonly string[] {
  return words[1] === '.' ? words.slice(2) : words
}

/** SQLite takes 'text' for a name where it needs one, too. */
export function unquoteSqliteName(source: string): string {
  const quote = source.charAt(0)
  if (quote === '[') return source.slice(1, -1)
  if (quote !== '"' && quote !== "'" && quote !== '`') return source
  return source.slice(1, -1).replaceAll(quote + quote, quote)
}
