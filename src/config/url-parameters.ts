/** The query of a PostgreSQL URL: parameters of libpq, of other tools, and misspelt ones. */
import { nearest } from '../plan/nearest.ts'
import { isKeyword, type Keyword, libpqParameters, unusedLibpqParameters } from './libpq-parameters.ts'
import { decodePercent } from './percent.ts'
import { badUrl, mustEncode, type UrlContext, type Warning } from './url-problem.ts'

export interface UrlParameters {
  readonly libpq: ReadonlyMap<Keyword, string>
  readonly schema: string | undefined
  readonly pooled: boolean
  readonly warnings: readonly Warning[]
}

/** `search_path` and `currentSchema` are what other tools call `schema`. */
const schemaNames = ['schema', 'search_path', 'currentSchema'] as const
const ours: readonly string[] = [...schemaNames, 'pgbouncer', 'ssl', 'sslaccept']

/** Parameters of other tools that have no meaning here, or that slipway decides itself. */
const foreign: readonly string[] = [
  ...['connection_limit', 'pool_timeout', 'socket_timeout', 'statement_cache_size', 'sslidentity'],
  ...['pool', 'pool_size', 'max_connections', 'max_overflow', 'pool_recycle', 'pool_pre_ping'],
  ...['pool_max_conns', 'pool_min_conns', 'pool_max_conn_lifetime', 'pool_max_conn_idle_time'],
  ...['pool_health_check_period', 'default_query_exec_mode', 'statement_cache_capacity'],
  ...['prepareThreshold', 'prepared_statements', 'prepared_statement_cache_size', 'command_timeout'],
  ...['reWriteBatchedInserts', 'loginTimeout', 'socketTimeout', 'tcpKeepAlive', 'ApplicationName'],
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'timezone', 'encoding'],
  ...['uselibpqcompat', 'server_settings', 'conn_max_age', 'checkout_timeout', 'supa', 'workaround'],
  ...['x-migrations-table', 'x-migrations-table-quoted', 'x-statement-timeout', 'x-multi-statement'],
]

/** Reads the text after `?`. Throws bad-url; parameters without effect become warnings that name them. */
export function readUrlParameters(query: string, context: UrlContext): UrlParameters {
  const given = splitPairs(query, context)
  const value = (name: string) => given.get(name) || undefined
  refuseSslAccept(value('sslaccept'), context)
  const libpq = new Map([...given].filter((pair): pair is [Keyword, string] => isKeyword(pair[0])))
  const mode = readSsl(value('ssl'), context)
  if (mode !== undefined && !libpq.get('sslmode')) libpq.set('sslmode', mode)
  return {
    libpq,
    schema: schemaNames.map(value).find((schema) => schema !== undefined),
    pooled: readPooled(value('pgbouncer'), context),
    warnings: warnOfNames([...given.keys()], context),
  }
}

/** A repeated parameter: the last one counts, as in libpq. */
function splitPairs(query: string, context: UrlContext): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const equals = pair.indexOf('=')
    const name = decodePercent(pair.slice(0, Math.max(equals, 0)))
    const value = decodePercent(pair.slice(equals + 1))
    if (!name || value === undefined) throw mustEncode(context, 'a parameter after ? is not name=value')
    pairs.set(name, value)
  }
  return pairs
}

/** `ssl=true` is JDBC's spelling of require, which libpq takes too; asyncpg writes an sslmode there. */
function readSsl(value: string | undefined, context: UrlContext): string | undefined {
  if (value === undefined) return undefined
  if (['allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'disable'].includes(value)) return value
  return readSwitch('ssl', value, context) ? 'require' : 'disable'
}

/** Prisma's wish for a certificate that is checked; without it the connection would be weaker than asked for. */
function refuseSslAccept(value: string | undefined, context: UrlContext): void {
  if (value === 'strict')
    throw badUrl(
      context,
      'has sslaccept=strict, which is not libpq',
      'sslmode=verify-full&sslrootcert=system',
    )
}

function readPooled(value: string | undefined, context: UrlContext): boolean {
  return value !== undefined && readSwitch('pgbouncer', value, context)
}

function readSwitch(name: string, value: string, context: UrlContext): boolean {
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw badUrl(context, `has a ${name} that is neither true nor false`)
}

function warnOfNames(names: readonly string[], context: UrlContext): Warning[] {
  const unused = [...unusedLibpqParameters, ...foreign]
  const known = [...Object.keys(libpqParameters), ...ours, ...unused]
  const without = names.filter((name) => unused.includes(name) || name === 'sslaccept')
  const messages = names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known)
      return `unknown parameter ${printable(name)}${near === undefined ? '' : `; did you mean ${near}?`}`
    })
  if (without.length > 0) messages.unshift(`parameters without effect here: ${without.join(', ')}`)
  return messages.map((message) => ({ code: 'url-parameter', message: `${context.name}: ${message}` }))
}

function printable(name: string): string {
  return /^[\w.-]{1,40}$/.test(name) ? name : '(not shown)'
}
