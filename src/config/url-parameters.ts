import { nearest } from '../plan/nearest.ts'
import { decodePercent } from './percent.ts'
import type { PostgresUrl, TlsMode } from './url.ts'
import { badUrl, mustEncode, type UrlContext, type Warning } from './url-problem.ts'

/** What the query of a PostgreSQL URL says; the first five as in libpq override the parts before the `?`. */
export interface UrlParameters {
  readonly host: string | undefined
  readonly port: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly dbname: string | undefined
  readonly tls: PostgresUrl['tls']
  readonly schema: string | undefined
  readonly pooled: boolean
  readonly warnings: readonly Warning[]
}

const tlsModes: readonly TlsMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

/** `search_path` and `currentSchema` are what other tools call `schema`. */
const schemaNames = ['schema', 'search_path', 'currentSchema'] as const
const honoured = [
  ...['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'pgbouncer'],
  ...['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
  ...schemaNames,
]

/** Parameters of libpq 18 and of other tools that have no meaning here, or that slipway decides itself. */
const ignored = [
  ...['application_name', 'fallback_application_name', 'client_encoding', 'connect_timeout', 'options'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['channel_binding', 'gssencmode', 'gssdelegation', 'gsslib', 'krbsrvname', 'require_auth', 'passfile'],
  ...['sslnegotiation', 'sslcompression', 'sslpassword', 'sslcertmode', 'sslcrl', 'sslcrldir', 'sslsni'],
  ...['ssl_min_protocol_version', 'ssl_max_protocol_version', 'requirepeer', 'replication', 'service'],
  ...['target_session_attrs', 'load_balance_hosts', 'min_protocol_version', 'max_protocol_version'],
  ...[
    'connection_limit',
    'pool_timeout',
    'socket_timeout',
    'statement_cache_size',
    'sslaccept',
    'sslidentity',
  ],
  ...['pool_size', 'max_connections', 'pool_max_conns', 'prepareThreshold', 'prepared_statements'],
  ...['statement_timeout', 'lock_timeout', 'uselibpqcompat', 'timezone'],
]

/** Reads the text after `?`. Throws bad-url; parameters without effect become warnings that name them. */
export function readParameters(query: string, context: UrlContext): UrlParameters {
  const given = splitPairs(query, context)
  const value = (name: string) => given.get(name) || undefined
  return {
    host: value('host') ?? value('hostaddr'),
    port: value('port'),
    user: value('user'),
    password: value('password'),
    dbname: value('dbname'),
    tls: readTls(value, context),
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

/** https://www.postgresql.org/docs/current/libpq-ssl.html; `ssl=true` is JDBC's spelling of require, which libpq takes too. */
function readTls(value: (name: string) => string | undefined, context: UrlContext): PostgresUrl['tls'] {
  const rootCert = value('sslrootcert')
  const cert = value('sslcert')
  const key = value('sslkey')
  const mode = readTlsMode(value, context) ?? (rootCert === 'system' ? 'verify-full' : 'prefer')
  if (rootCert === 'system' && mode !== 'verify-full')
    throw badUrl(context, `has sslrootcert=system with the weaker sslmode=${mode}`, 'sslmode=verify-full')
  return {
    mode,
    ...(rootCert === undefined ? {} : { rootCert }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

function readTlsMode(value: (name: string) => string | undefined, context: UrlContext): TlsMode | undefined {
  const written = value('sslmode')
  const ssl = value('ssl')
  if (written === undefined) {
    if (ssl === undefined) return undefined
    return readSwitch('ssl', ssl, context) ? 'require' : 'disable'
  }
  const mode = tlsModes.find((known) => known === written)
  if (mode !== undefined) return mode
  const near = nearest(written, tlsModes)
  const problem = `has an unknown sslmode; known are ${tlsModes.join(', ')}`
  throw near === undefined
    ? badUrl(context, problem)
    : badUrl(context, problem, `did you mean sslmode=${near}?`)
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
  const known = [...honoured, ...ignored]
  const without = names.filter((name) => ignored.includes(name))
  const unknown = names.filter((name) => !known.includes(name))
  const messages = unknown.map((name) => {
    const near = nearest(name, known)
    return `unknown parameter ${printable(name)}${near === undefined ? '' : `; did you mean ${near}?`}`
  })
  if (without.length > 0) messages.unshift(`parameters without effect here: ${without.join(', ')}`)
  return messages.map((message) => ({ code: 'url-parameter', message: `${context.name}: ${message}` }))
}

function printable(name: string): string {
  return /^[\w.-]{1,40}$/.test(name) ? name : '(not shown)'
}
