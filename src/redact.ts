/** The last barrier between a secret and the outside: every text slipway prints passes through a Redactor. */

export type Redactor = (text: string) => string

export const noRedaction: Redactor = (text) => text

/**
 * Replaces every secret, as written and in its URL-encoded and JSON-escaped spellings, by `***`.
 * Secrets shorter than 3 characters would blank out ordinary text and are left to the callers that never print them.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const spellings = new Set<string>()
  for (const secret of secrets)
    for (const spelling of spellingsOf(secret)) if (spelling.length >= 3) spellings.add(spelling)
  if (spellings.size === 0) return noRedaction
  const longestFirst = [...spellings].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map(escapeForRegExp).join('|'), 'g')
  return (text) => text.replace(pattern, '***')
}

function spellingsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret)
  const strict = encoded.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const json = JSON.stringify(secret).slice(1, -1)
  return [
    secret,
    encoded,
    strict,
    strict.toLowerCase(),
    encodeURI(secret),
    json,
    secret.replaceAll("'", "''"),
  ]
}

/** RegExp.escape is not in Node 22. */
function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
