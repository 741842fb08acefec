/** What pg_dump writes, as SQL that can run inside a transaction and says the same for the same schema. */
import { readPostgresToken } from './postgres-tokens.ts'
import { isTrivia } from './token.ts'

/** Settings of the session that restores: those of the run count, and older servers know not all of these. */
const ofTheRun =
  /SET (?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|client_encoding|client_min_messages) = [^;]*;/y
const searchPath = /SELECT pg_catalog\.set_config\('search_path', '', false\);/y
const createSchema = /CREATE SCHEMA (?:"((?:[^"]|"")+)"|([\w$]+));/y
const psqlCommand = /\\[^\n]*/y
/** Frames without a text, and which programs wrote it. */
const noise = /^--(?:\s*$| PostgreSQL database dump| Dumped )/

/**
 * What is set holds to the end of the transaction. `historySchema` is there before the schema is loaded, because the
 * history is. Only what begins a statement or stands between two is looked at.
 */
export function tidyPostgresDump(text: string, historySchema: string): string {
  let tidy = ''
  /** What stands before the next statement; undefined inside of one. */
  let gap: string | undefined = ''
  for (let at = 0; at < text.length; ) {
    const token = readPostgresToken(text, at)
    const source = text.slice(at, token.end)
    if (gap === undefined) {
      tidy += source
      at = token.end
      if (source === ';') gap = ''
    } else if (isTrivia(token)) {
      if (token.kind !== 'line-comment' || !noise.test(source)) gap += source
      at = token.end
    } else {
      const { end, instead } = begin(text, at, historySchema) ?? { end: token.end, instead: source }
      at = end
      if (instead === '') continue
      tidy += gap.replace(/\n{3,}/g, '\n\n') + instead
      gap = instead.endsWith(';') ? '' : undefined
    }
  }
  return `${tidy.trim()}\n`
}

interface Beginning {
  readonly end: number
  /** Empty: nothing. */
  readonly instead: string
}

/** How far the beginning of a statement is replaced, and by what; undefined: it stays. */
function begin(text: string, start: number, historySchema: string): Beginning | undefined {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = start
    return pattern.exec(text) ?? undefined
  }
  const skipped = match(psqlCommand) ?? match(ofTheRun)
  if (skipped !== undefined) return { end: start + skipped[0].length, instead: '' }
  const path = match(searchPath)
  if (path !== undefined)
    return { end: start + path[0].length, instead: path[0].replace('false);', 'true);') }
  const created = match(createSchema)
  if (created !== undefined && (created[1]?.replaceAll('""', '"') ?? created[2]) === historySchema)
    return { end: start + created[0].length, instead: created[0].replace('SCHEMA', 'SCHEMA IF NOT EXISTS') }
  return text.startsWith('SET ', start) ? { end: start + 3, instead: 'SET LOCAL' } : undefined
}
