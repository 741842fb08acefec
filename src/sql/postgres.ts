/** A PostgreSQL migration's text as statements, read by PostgreSQL's own grammar. */
import { parseGrammar, type RawStatement } from './libpg-query.ts'
import { concurrentIndexOf } from './postgres-concurrent-index.ts'
import { createsOf } from './postgres-creates.ts'
import { locksOf } from './postgres-locks.ts'
import { readPostgresToken } from './postgres-tokens.ts'
import { controlOf, transactionOf } from './postgres-transaction.ts'
import { blankPsqlCommands } from './psql-commands.ts'
import type { ParsedStatement } from './statement.ts'
import { isTrivia, readTokens } from './token.ts'

export { combineLocks } from './combine-locks.ts'

/**
 * Parses `text` (no byte order mark) with the grammar of PostgreSQL 18. `\restrict`, `\unrestrict` and `\connect`
 * lines between statements count as blank. Throws SqlSyntaxError, its offset relative to `text`, for what does not
 * parse, for other psql commands, and for `copy` from or to the client.
 */
export async function parsePostgres(text: string): Promise<ParsedStatement[]> {
  const statements = await parseGrammar(blankPsqlCommands(text))
  return statements.map((statement) => describe(text, statement))
}

function describe(source: string, { node, start, end }: RawStatement): ParsedStatement {
  const transaction = transactionOf(node)
  const control = controlOf(node)
  const index = concurrentIndexOf(node)
  const creates = createsOf(node)
  return {
    text: withoutTrailingTrivia(source.slice(start, end)),
    offset: start,
    transaction,
    // Without a transaction there is nothing that could hold a lock taken beforehand.
    locks: transaction === 'refused' ? [] : locksOf(node),
    ...(control === undefined ? {} : { transactionControl: control }),
    ...(index === undefined ? {} : { concurrentIndex: index }),
    ...(creates.length === 0 ? {} : { creates }),
  }
}

function withoutTrailingTrivia(text: string): string {
  const trimmed = text.replace(/[ \t\n\r\f\v]+$/, '')
  if (!/--|\/\*/.test(trimmed)) return trimmed
  let end = 0
  for (const token of readTokens(trimmed, readPostgresToken)) if (!isTrivia(token)) end = token.end
  return trimmed.slice(0, end)
}
