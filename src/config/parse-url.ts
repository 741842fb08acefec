import type { SlipwayError } from '../errors.ts'
import { nearest } from '../plan/nearest.ts'
import { parsePostgresUrl } from './parse-postgres-url.ts'
import { parseSqliteUrl } from './parse-sqlite-url.ts'
import { badUrl, type ParsedUrl, type UrlContext } from './url-problem.ts'

const supported = ['postgres', 'postgresql', 'sqlite', 'sqlite3', 'file'] as const
type Scheme = (typeof supported)[number]

/**
 * Parses a database URL as libpq would (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS),
 * or a SQLite path. Throws bad-url, which never repeats any part of the URL but the scheme and parameter names.
 */
export function parseDatabaseUrl(given: string, context: UrlContext): ParsedUrl {
  const text = given.trim()
  if (/^["'`]/.test(text))
    throw badUrl(context, 'is wrapped in quotes', 'remove the quotes: docker --env-file keeps them')
  const [, written = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? []
  const scheme = written.toLowerCase().replace(/\+.*$/, '')
  if (isSupported(scheme))
    return scheme === 'postgres' || scheme === 'postgresql'
      ? parsePostgresUrl(rest, context)
      : parseSqliteUrl(rest, context)
  if (scheme === 'duckdb') throw badUrl(context, 'names a DuckDB database, which is not supported yet')
  throw unknownScheme(scheme, rest, context)
}

function isSupported(scheme: string): scheme is Scheme {
  return supported.some((known) => known === scheme)
}

/** A word before a colon is named only where it must be a scheme: in `secret:x` it could be anything. */
function unknownScheme(scheme: string, rest: string, context: UrlContext): SlipwayError {
  const near = nearest(scheme, supported)
  const schemes = 'postgres:, postgresql:, sqlite: and file:'
  if (scheme === '' || (near === undefined && !rest.startsWith('//')))
    return badUrl(context, `does not begin with a scheme; known are ${schemes}`)
  const problem = `has the unknown scheme ${scheme}:; known are ${schemes}`
  return near === undefined ? badUrl(context, problem) : badUrl(context, problem, `did you mean ${near}:?`)
}
