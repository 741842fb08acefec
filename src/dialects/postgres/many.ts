/** Many schemas of one database at once: who the tenants are, and what each one's history amounts to. */
import type { HistoryDigest } from '../../plan/digest.ts'
import { readOnly } from './facts.ts'
import { digestExpression, readDigest } from './history-digest.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'
import { type Reader, readAs } from './read-as.ts'

/** A run that waits for somebody's idle transaction before its first word looks as if it hung. */
const lockTimeout = "set local lock_timeout = '10s';\n"

/**
 * A comment may end the query, and a row may have any number of columns, two of one name among them: what is asked for is
 * the first. As text, so that `char(20)` comes without the blanks that fill it up.
 */
export async function readTexts(
  link: Link,
  reader: Reader,
  query: string,
): Promise<readonly (string | undefined)[]> {
  const inner = query.trim().replace(/;$/, '')
  const select = `select listed_tenant::text from (\n${inner}\n) as listed (listed_tenant)`
  const rows = await readAs(link, reader, `${lockTimeout}${select}`)
  return rows.map(({ listed_tenant: text }) => (text === null ? undefined : String(text)))
}

/**
 * So many in one statement. Each history takes three places (its table and two indexes) in the server's table of locks
 * until the statement ends, which by default has 6,400 for everybody, and pods start together.
 */
const atOnce = 50

/** A schema that is not there is not in the answer. */
export async function readDigests(
  link: Link,
  table: string,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, HistoryDigest | undefined>> {
  const found = new Map<string, HistoryDigest | undefined>()
  for (let start = 0; start < schemas.length; start += atOnce) {
    const names = schemas
      .slice(start, start + atOnce)
      .map(literal)
      .join(', ')
    const rows = await readOnly(
      link,
      `select s.nspname::text as schema, ${digestExpression(table, 's.nspname')} as digest
from pg_catalog.pg_namespace s
where s.nspname in (${names})`,
    )
    for (const row of rows) found.set(String(row.schema), readDigest(row.digest))
  }
  return found
}
