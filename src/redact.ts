/** The last barrier between a secret and the outside: every text slipway prints passes through a Redactor. */

export type Redactor = (text: string) => string

export const noRedaction: Redactor = (text) => text

/** See createGrowingRedactor. */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const known = [...secrets].filter((secret) => secret !== '')
  return known.length === 0 ? noRedaction : createGrowingRedactor(known).redact
}

export interface GrowingRedactor {
  readonly redact: Redactor
  /** More secrets, from now on. */
  readonly learn: (secrets: Iterable<string>) => void
}

/**
 * Replaces every secret, as written and in its URL-encoded, JSON-escaped and base64 spellings, by `***`.
 * A password that is an ordinary word (`postgres`, `app`) is replaced only where it stands as a password, `user:app@host`:
 * everywhere else it would blank out the very names a reader needs.
 */
export function createGrowingRedactor(secrets: Iterable<string>): GrowingRedactor {
  const spellings = new Set<string>()
  let known: Known | undefined
  const learn = (more: Iterable<string>) => {
    const before = spellings.size
    for (const secret of more) for (const spelling of spellingsOf(secret)) spellings.add(spelling)
    // A list of thousands of URLs teaches each of its passwords more than once, one at a time.
    if (spellings.size > before) known = undefined
  }
  learn(secrets)
  const redact = (text: string) => {
    known ??= prepare(spellings)
    const { heads, longestFirst } = known
    if (heads !== undefined && !hasHead(text, heads)) return text
    // Nearly always there is none, and that is seen faster so.
    if (!longestFirst.some((spelling) => text.includes(spelling))) return text
    known.pattern ??= new RegExp(longestFirst.map(escapeForRegExp).join('|'), 'g')
    return text.replace(known.pattern, '***')
  }
  return { redact, learn }
}

interface Known {
  readonly longestFirst: readonly string[]
  readonly heads: ReadonlySet<string> | undefined
  pattern: RegExp | undefined
}

function prepare(spellings: ReadonlySet<string>): Known {
  const longestFirst = [...spellings].sort((a, b) => b.length - a.length)
  const heads = spellings.size > fewSpellings ? new Set(longestFirst.map(headOf)) : undefined
  return { longestFirst, heads, pattern: undefined }
}

/** A password for each of thousands of tenants: looking for one after the other would take milliseconds for every line. */
const fewSpellings = 200
const headLength = 3

/** No spelling is shorter. */
function headOf(spelling: string): string {
  return spelling.slice(0, headLength)
}

function hasHead(text: string, heads: ReadonlySet<string>): boolean {
  for (let start = 0; start + headLength <= text.length; start++)
    if (heads.has(text.slice(start, start + headLength))) return true
  return false
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
