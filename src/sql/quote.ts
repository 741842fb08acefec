/** Names and values as SQL text, and names as people write them. */

/** The server cuts longer names silently (NAMEDATALEN - 1); https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
export const postgresNameBytes = 63

/** `name` as a quoted PostgreSQL identifier. Throws for an empty name, one with a NUL, and one over 63 bytes. */
export function quotePostgresId(name: string): string {
  refuseNul(name, 'name')
  if (name === '') throw new Error('a PostgreSQL name cannot be empty')
  const bytes = Buffer.byteLength(name)
  if (bytes > postgresNameBytes)
    throw new Error(
      `the name ${JSON.stringify(name)} has ${bytes} bytes; PostgreSQL would cut it to ${postgresNameBytes}`,
    )
  return doubled(name, '"')
}

/** `name` as a quoted SQLite identifier. Throws for a name with a NUL. */
export function quoteSqliteId(name: string): string {
  refuseNul(name, 'name')
  return doubled(name, '"')
}

/**
 * `text` as a PostgreSQL string constant that means the same whatever `standard_conforming_strings` says.
 * Throws for a NUL, which no PostgreSQL text can hold.
 */
export function quotePostgresLiteral(text: string): string {
  refuseNul(text, 'text')
  if (!text.includes('\\')) return doubled(text, "'")
  return `E${doubled(text.replaceAll('\\', '\\\\'), "'")}`
}

/** A table-like name; no schema means the search path decides. */
export interface QualifiedName {
  readonly schema?: string
  readonly name: string
}

/**
 * Reads `table`, `schema.table`, `"Odd.Name"` or `"s"."t"`. Outside double quotes everything but a dot is taken
 * literally, case included; inside them a doubled quote stands for one. Throws when that leaves no clear name.
 */
export function parseName(text: string): QualifiedName {
  refuseNul(text, 'name')
  const parts: string[] = []
  let at = 0
  for (;;) {
    const part =
      /^"((?:[^"]|"")*)"(?=\.|$)/s.exec(text.slice(at)) ?? /^([^".][^.]*)(?=\.|$)/s.exec(text.slice(at))
    if (part === null) throw unreadableName(text)
    const quoted = part[0].startsWith('"')
    parts.push(quoted ? (part[1] ?? '').replaceAll('""', '"') : part[0])
    at += part[0].length + 1
    if (at > text.length) break
  }
  const [first, second, ...rest] = parts
  if (first === undefined || rest.length > 0 || parts.includes('')) throw unreadableName(text)
  return second === undefined ? { name: first } : { schema: first, name: second }
}

function unreadableName(text: string): Error {
  return new Error(
    `cannot read ${JSON.stringify(text)} as a name; write table, schema.table, or "a.b" in double quotes for a name with a dot`,
  )
}

function doubled(text: string, quote: string): string {
  return quote + text.replaceAll(quote, quote + quote) + quote
}

function refuseNul(text: string, what: 'name' | 'text'): void {
  if (text.includes('\0')) throw new Error(`a ${what} in SQL cannot hold a NUL character`)
}
