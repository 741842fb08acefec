import { isIP, isIPv6 } from 'node:net'
import { decodePercent } from './percent.ts'
import { splitOnce } from './split-once.ts'
import type { PostgresUrl } from './url.ts'
import { readParameters, type UrlParameters } from './url-parameters.ts'
import { badUrl, mustEncode, type ParsedUrl, type UrlContext } from './url-problem.ts'

/** Parses what follows `postgres:`. Throws bad-url. */
export function parsePostgresUrl(rest: string, context: UrlContext): ParsedUrl {
  if (!rest.startsWith('//')) throw badUrl(context, 'lacks the // after its scheme')
  const parts = splitParts(rest.slice(2), context)
  const parameters = readParameters(parts.query, context)
  const user = parameters.user ?? decode(parts.user, 'the user name', context) ?? context.osUser()
  if (user === undefined)
    throw badUrl(context, `names no user, and uid ${process.getuid?.() ?? ''} has no name here`)
  const url = {
    dialect: 'postgres',
    host: readHost(parts.host, parameters, context),
    port: readPort(parameters.port ?? parts.port, context),
    user,
    password: parameters.password ?? decode(parts.password, 'the password', context),
    database: parameters.dbname ?? decode(parts.database, 'the database name', context) ?? user,
    tls: parameters.tls,
    schema: parameters.schema,
    pooled: parameters.pooled,
  } as const
  return { url: { ...url, shown: describe(url) }, warnings: parameters.warnings }
}

interface UrlParts {
  readonly user: string | undefined
  readonly password: string | undefined
  readonly host: string
  readonly port: string | undefined
  readonly database: string | undefined
  readonly query: string
}

/** The last @ before the path ends the password; one after it means that the password was cut somewhere else. */
function splitParts(text: string, context: UrlContext): UrlParts {
  const [, authority = '', path = '', query = ''] = /^([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?/s.exec(text) ?? []
  if (text.includes('#')) throw mustEncode(context, 'it holds a #')
  if (path.includes('@') || query.includes('@')) throw mustEncode(context, 'it holds an @ after the host')
  if (path.slice(1).includes('/')) throw mustEncode(context, 'the database name holds a /')
  const at = authority.lastIndexOf('@')
  const [user, password] = splitOnce(at === -1 ? '' : authority.slice(0, at), ':')
  const [host, port] = splitHost(authority.slice(at + 1), context)
  return {
    user: orUnset(user),
    password: orUnset(password),
    host,
    port: orUnset(port),
    database: orUnset(path.slice(1)),
    query,
  }
}

function splitHost(text: string, context: UrlContext): [string, string | undefined] {
  if (text.includes(',')) throw oneHost(context)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
  if (bracketed !== null) {
    const [, address = '', port] = bracketed
    if (isIPv6(decodePercent(address) ?? '')) return [address, port]
    throw badUrl(context, 'has brackets around what is not an IPv6 address')
  }
  if (text.split(':').length > 2)
    throw mustEncode(context, 'more than one : in the host (IPv6 needs brackets)')
  return splitOnce(text, ':')
}

function readHost(written: string, parameters: UrlParameters, context: UrlContext): string {
  const host = parameters.host ?? decode(orUnset(written), 'the host', context) ?? 'localhost'
  if (host.includes(',')) throw oneHost(context)
  // In order of cost: Node's test for an IPv6 address takes 4 ms the first time.
  if (/^\/|^[\w.-]+$/.test(host) || isIP(host) !== 0 || /^[\p{L}\p{N}._-]+$/u.test(host)) return host
  throw mustEncode(context, 'the host is not a name, an address, or the directory of a socket')
}

function readPort(text: string | undefined, context: UrlContext): number {
  if (text === undefined) return 5432
  if (text.includes(',')) throw oneHost(context)
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw mustEncode(context, 'the port is not a number from 1 to 65535')
  return port
}

function oneHost(context: UrlContext) {
  return badUrl(context, 'names more than one host; slipway takes one host for now', 'name the primary alone')
}

function decode(text: string | undefined, part: string, context: UrlContext): string | undefined {
  if (text === undefined) return undefined
  const decoded = decodePercent(text)
  if (decoded === undefined) throw mustEncode(context, `in ${part}, a % is not followed by two hex digits`)
  return decoded
}

/** A socket's directory goes where libpq takes it: into the host parameter. */
function describe(url: Omit<PostgresUrl, 'shown'>): string {
  const user = encodeURIComponent(url.user)
  const database = encodeURIComponent(url.database)
  if (url.host.startsWith('/')) return `postgres://${user}@/${database}?host=${url.host}`
  const host = url.host.includes(':') ? `[${url.host}]` : url.host
  return `postgres://${user}@${host}:${url.port}/${database}`
}

function orUnset(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
