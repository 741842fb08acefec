import { resolve } from 'node:path'
import { decodePercent } from './percent.ts'
import { splitOnce } from './split-once.ts'
import { badUrl, mustEncode, type ParsedUrl, type UrlContext, type Warning } from './url-problem.ts'

/** Parses what follows `sqlite:` or `file:`. Throws bad-url. */
export function parseSqliteUrl(rest: string, context: UrlContext): ParsedUrl {
  const [place = '', query] = splitOnce(rest, '?')
  if (rest.includes('#')) throw mustEncode(context, 'it holds a #')
  const decoded = decodePercent(place)
  if (decoded === undefined) throw mustEncode(context, 'a % is not followed by two hex digits')
  const path = resolvePath(decoded, context)
  const shown = path === ':memory:' ? 'sqlite::memory:' : `sqlite://${path}`
  return { url: { dialect: 'sqlite', path, shown }, warnings: warnOfParameters(query, context) }
}

/**
 * After the scheme: `rel`, `./rel`, `/abs`, `///abs`, `//localhost/abs` (RFC 8089), `///./rel`, and `:memory:`
 * behind any number of slashes.
 */
function resolvePath(place: string, context: UrlContext): string {
  if (/^\/*:memory:$/.test(place)) return ':memory:'
  const path = place.replace(/^\/\/(localhost)?(?=\/)/, '')
  if (path.startsWith('//') && path === place)
    throw badUrl(
      context,
      'has a host where a SQLite file needs none',
      'sqlite:///absolute/path.db or sqlite:relative/path.db',
    )
  const inside = path !== place && /^\/\.{1,2}\//.test(path) ? path.slice(1) : path
  if (inside === '' || inside.endsWith('/')) throw badUrl(context, 'names no SQLite file')
  return resolve(context.cwd, inside)
}

function warnOfParameters(query: string | undefined, context: UrlContext): Warning[] {
  const names = (query ?? '').split('&').map((pair) => splitOnce(pair, '=')[0])
  const used = names.filter((name) => name !== undefined && name !== '')
  if (used.length === 0) return []
  return [
    {
      code: 'url-parameter',
      message: `${context.name}: ignored for SQLite: ${[...new Set(used)].join(', ')}`,
    },
  ]
}
