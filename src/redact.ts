/** The last barrier between a secret and the outside: every text slipway prints passes through a Redactor. */

export type Redactor = (text: string) => string

export const noRedaction: Redactor = (text) => text

/**
 * Replaces every secret, as written and in its URL-encoded, JSON-escaped and base64 spellings, by `***`.
 * A password that is an ordinary word (`postgres`, `app`) is replaced only where it stands as a password, `user:app@host`:
 * everywhere else it would blank out the very names a reader needs.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const spellings = new Set<string>()
  for (const secret of secrets) for (const spelling of spellingsOf(secret)) spellings.add(spelling)
  if (spellings.size === 0) return noRedaction
  const longestFirst = [...spellings].sort((a, b) => b.length - a.length)
  let pattern: RegExp | undefined
  return (text) => {
    // Nearly always there is none, and that is seen faster so.
    if (!longestFirst.some((spelling) => text.includes(spelling))) return text
    pattern ??= new RegExp(longestFirst.map(escapeForRegExp).join('|'), 'g')
    return text.replace(pattern, '***')
  }
}

function spellingsOf(secret: string): string[] {
  if (secret === '') return []
  if (/^([A-Za-z]{1,12}|.{1,2})$/.test(secret)) return [`:${secret}@`, `password=${secret}`]
  const encoded = encodeURIComponent(secret)
  const strict = encoded.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const json = JSON.stringify(secret).slice(1, -1)
  const percent = [encoded, strict, encodeURI(secret)]
  return [
    secret,
    ...percent,
    ...percent.map(withSmallDigits),
    ...percent.map(encodeURIComponent),
    json,
    secret.replaceAll("'", "''"),
    Buffer.from(secret).toString('base64'),
  ]
}

/** `%3a` for `%3A`: both are right (RFC 3986, 2.1). */
function withSmallDigits(encoded: string): string {
  return encoded.replace(/%../g, (byte) => byte.toLowerCase())
}

/** RegExp.escape is not in Node 22. */
function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
