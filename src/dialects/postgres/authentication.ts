/** What a server asks of us before it lets us in: https://www.postgresql.org/docs/current/protocol-message-formats.html (Authentication*) */
import type { AuthMethod } from '../../config/url.ts'

/** What was asked so far. */
export interface AuthExchange {
  /** The server said that we are in. */
  readonly done: boolean
  /** How it made sure of us; `none` where it did not ask. */
  readonly method: AuthMethod
}

const methodsByCode: ReadonlyMap<number, AuthMethod> = new Map([
  [3, 'password'],
  [5, 'md5'],
  [7, 'gss'],
  [9, 'sspi'],
])

/** What the driver can do; see also the mechanisms of SASL below. */
const possible: readonly AuthMethod[] = ['none', 'password', 'md5', 'scram-sha-256']

export interface AuthReader {
  readonly exchange: AuthExchange
  /** Reads the body of an authentication message; returns why we do not go on, or undefined. */
  read(body: Buffer): string | undefined
}

/** `allowed` is `require_auth`; undefined allows whatever the driver can do. */
export function createAuthReader(allowed: readonly AuthMethod[] | undefined): AuthReader {
  const exchange = { done: false, method: 'none' as AuthMethod }
  return {
    exchange,
    read(body) {
      const code = body.readUInt32BE(0)
      // 8, 11 and 12 go on with what was begun.
      if (code === 8 || code === 11 || code === 12) return undefined
      if (code === 0) exchange.done = true
      else exchange.method = code === 10 ? readMechanism(body) : (methodsByCode.get(code) ?? 'oauth')
      return refuse(exchange, allowed)
    },
  }
}

/** A list of names, each ended by a zero byte. */
function readMechanism(body: Buffer): AuthMethod {
  return body.toString('latin1', 4).split('\0').includes('SCRAM-SHA-256') ? 'scram-sha-256' : 'oauth'
}

function refuse(
  { method, done }: AuthExchange,
  allowed: readonly AuthMethod[] | undefined,
): string | undefined {
  if (allowed !== undefined && !allowed.includes(method)) {
    const asked =
      done && method === 'none' ? 'lets us in without asking' : `asks for ${method} authentication`
    return `the server ${asked}, which require_auth does not allow`
  }
  if (possible.includes(method)) return undefined
  return `the server asks for an authentication that slipway cannot do (${method === 'oauth' ? 'not a password' : method})`
}
