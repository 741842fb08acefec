/** What a thrown thing means. SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { messageOf } from '../../errors.ts'
import type { Fault, FaultKind } from '../dialect.ts'
import { AuthRefused, ConnectTimeout, PeerClosed, TlsRefused, TriesFailed } from './failures.ts'
import { SessionLost } from './link.ts'
import { explainPooler } from './pooler-errors.ts'

interface ServerError extends Error {
  readonly code: string
  readonly severity?: string
  readonly position?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly query?: string
  readonly table_name?: string
  readonly schema_name?: string
  readonly routine?: string
}

export function isServerError(error: unknown): error is ServerError {
  const isReported = error instanceof Error && ('severity' in error || 'severity_local' in error)
  return isReported && 'code' in error && typeof error.code === 'string'
}

/** The SQLSTATE of a server error, undefined for anything else. */
export function sqlstateOf(error: unknown): string | undefined {
  return isServerError(error) ? error.code : undefined
}

const socketCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ECONNABORTED',
])
const driverCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
])

/** By exact code first, then by class (its first two characters). */
const kinds: Readonly<Record<string, FaultKind>> = {
  '55P03': 'retryable',
  '40P01': 'retryable',
  '40001': 'retryable',
  '57014': 'cancelled',
  '3D000': 'database-missing',
  '53100': 'disk-full',
  '42501': 'privilege',
  '25006': 'read-only',
  '57P01': 'session-lost',
  '57P02': 'session-lost',
  '57P03': 'not-ready',
  '57P05': 'session-lost',
  '25P03': 'session-lost',
  '25P04': 'session-lost',
  '28': 'auth',
  '08': 'not-ready',
  '53': 'not-ready',
}

export function explain(error: unknown): Fault {
  if (isServerError(error)) return explainServerError(error)
  if (error instanceof TriesFailed) return { ...explain(error.decisive), message: error.message }
  if (error instanceof AuthRefused) return { kind: 'auth', message: error.message }
  if (error instanceof TlsRefused) return { kind: 'tls', message: error.message }
  if (error instanceof ConnectTimeout || error instanceof PeerClosed)
    return { kind: 'not-ready', message: error.message }
  // Last words need no SQLSTATE to be understood.
  if (error instanceof SessionLost)
    return { kind: explainPooler(error.message) ?? 'session-lost', message: error.message }
  const code = errorCode(error)
  if (code !== undefined && socketCodes.has(code))
    return { kind: 'not-ready', message: socketMessage(code, error) }
  if (code !== undefined && driverCodes.has(code))
    return { kind: 'session-lost', message: 'the connection was closed' }
  if (isConnectFailure(error)) return { kind: 'not-ready', message: messageOf(error) }
  if (code === 'SASL_SIGNATURE_MISMATCH')
    return { kind: 'auth', message: 'the server could not prove that it knows the password' }
  return { kind: 'other', message: messageOf(error) }
}

function explainServerError(error: ServerError): Fault {
  const pooler = error.code === '08P01' ? explainPooler(error.message) : undefined
  const kind = pooler ?? kinds[error.code] ?? kinds[error.code.slice(0, 2)] ?? 'statement'
  const position = positionOf(error)
  return {
    kind,
    message: error.message,
    sqlstate: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.where === undefined ? {} : { context: error.where }),
    ...(position === undefined ? {} : { position }),
  }
}

/** The server counts characters from 1, JavaScript counts UTF-16 units from 0. */
function positionOf(error: ServerError): number | undefined {
  const characters = Number(error.position)
  if (!(characters > 0)) return undefined
  if (error.query === undefined) return characters - 1
  let offset = 0
  let seen = 1
  for (const character of error.query) {
    if (seen >= characters) break
    seen += 1
    offset += character.length
  }
  return offset
}

/** A socket path that leads nowhere or is too long, a firewall's EPERM: whatever else keeps a socket from opening. */
function isConnectFailure(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect'
}

function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  // Node tries each address of a host name and reports the failures together.
  return error instanceof AggregateError ? errorCode(error.errors[0]) : undefined
}

function socketMessage(code: string, error: unknown): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    ENOTFOUND: 'host name not found',
    EAI_AGAIN: 'host name not found for now',
    ETIMEDOUT: 'connection timed out',
    EHOSTUNREACH: 'no route to the host',
    ENETUNREACH: 'no route to the network',
    ECONNRESET: 'connection reset',
    EPIPE: 'connection reset',
    ENOENT: 'no such socket',
  }
  return words[code] ?? messageOf(error)
}
