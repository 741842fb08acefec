/** Does a statement begin or end a transaction? Told from its first words, without a parser. */
import { nestedCommentEnd } from './postgres-tokens.ts'
import type { ParsedStatement } from './statement.ts'

export type TransactionControl = NonNullable<ParsedStatement['transactionControl']>

const words = /[A-Za-z0-9_$\u0080-\uffff]+/y
const skipped = /(?:[ \t\n\r\f\v;]+|--[^\n\r]*)+/y

/**
 * What ONE statement does to the transaction it runs in, for PostgreSQL and SQLite alike; undefined for anything else.
 * https://www.postgresql.org/docs/current/sql-begin.html and https://www.sqlite.org/lang_transaction.html
 */
export function transactionControlOf(text: string): TransactionControl | undefined {
  const [first, second, third] = leadingWords(text, 3)
  switch (first) {
    case 'begin':
      return 'begin'
    case 'start':
      return second === 'transaction' ? 'begin' : undefined
    case 'commit':
    case 'end':
      return second === 'prepared' ? 'other' : 'commit'
    case 'rollback':
    case 'abort':
      return isPartialRollback(second, third) ? 'other' : 'rollback'
    case 'savepoint':
    case 'release':
      return 'other'
    case 'prepare':
      return second === 'transaction' ? 'other' : undefined
    default:
      return undefined
  }
}

/** `rollback to x`, `rollback work to x`, `rollback prepared 'x'`: the transaction goes on. */
function isPartialRollback(second: string | undefined, third: string | undefined): boolean {
  if (second === 'to' || second === 'prepared') return true
  return (second === 'work' || second === 'transaction') && third === 'to'
}

function leadingWords(text: string, count: number): string[] {
  const found: string[] = []
  let at = skipTrivia(text, 0)
  while (found.length < count) {
    words.lastIndex = at
    const word = words.exec(text)?.[0]
    if (word === undefined) break
    found.push(word.toLowerCase())
    at = skipTrivia(text, at + word.length)
  }
  return found
}

function skipTrivia(text: string, start: number): number {
  let at = start
  for (;;) {
    skipped.lastIndex = at
    if (skipped.test(text)) at = skipped.lastIndex
    if (!text.startsWith('/*', at)) return at
    at = commentEnd(text, at)
  }
}

/** SQLite's comments do not nest, so one that only closes without nesting closes there. */
function commentEnd(text: string, start: number): number {
  const nested = nestedCommentEnd(text, start)
  if (nested !== undefined) return nested
  const flat = text.indexOf('*/', start + 2)
  return flat === -1 ? text.length : flat + 2
}
