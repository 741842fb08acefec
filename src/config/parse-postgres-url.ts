import { isIPv6 } from 'node:net'
import type { Keyword } from './libpq-parameters.ts'
import { decodePercent } from './percent.ts'
import { buildPostgresUrl } from './postgres-url.ts'
import { splitOnce } from './split-once.ts'
import { readUrlParameters } from './url-parameters.ts'
import { badUrl, mustEncode, type ParsedUrl, type UrlContext } from './url-problem.ts'

/** Parses what follows `postgres:`. Throws bad-url, or bad-setting where what the URL leaves open is wrong. */
export function parsePostgresUrl(rest: string, context: UrlContext): ParsedUrl {
  if (!rest.startsWith('//')) throw badUrl(context, 'lacks the // after its scheme')
  const { query, ...parts } = splitParts(rest.slice(2), context)
  const { libpq, ...parameters } = readUrlParameters(query, context)
  // As in libpq, what stands after the ? overrides what stands before it.
  const given = new Map([...decodeParts(parts, context), ...[...libpq].filter(([, text]) => text !== '')])
  return buildPostgresUrl({ ...parameters, libpq: given }, context)
}

interface UrlParts {
  readonly user: string | undefined
  readonly password: string | undefined
  /** Separated by commas, as in libpq's host and port parameters. */
  readonly host: string
  readonly port: string
  readonly database: string
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
  const hosts = authority.slice(at + 1).split(',')
  const places = hosts.map((host) => splitHost(host, context))
  return {
    user,
    password,
    host: places.map(([host]) => host).join(','),
    port: places.map(([, port]) => port ?? '').join(','),
    database: path.slice(1),
    query,
  }
}

function splitHost(text: string, context: UrlContext): [string, string | undefined] {
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

function decodeParts(parts: Omit<UrlParts, 'query'>, context: UrlContext): [Keyword, string][] {
  const named: [Keyword, string | undefined, string][] = [
    ['user', parts.user, 'the user name'],
    ['password', parts.password, 'the password'],
    ['host', parts.host, 'the host'],
    ['port', parts.port, 'the port'],
    ['dbname', parts.database, 'the database name'],
  ]
  return named.flatMap(([keyword, text, what]) => {
    if (text === undefined || text === '') return []
    const decoded = decodePercent(text)
    if (decoded === undefined) throw mustEncode(context, `in ${what}, a % is not followed by two hex digits`)
    return [[keyword, decoded] as [Keyword, string]]
  })
}
