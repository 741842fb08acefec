/** One session by a URL and what stands around it, without a process: what the dialect makes of both. */
import { parseDatabaseUrl } from '../../src/config/parse-url.ts'
import type { PostgresUrl } from '../../src/config/url.ts'
import type { Surroundings } from '../../src/config/url-problem.ts'
import type { Session } from '../../src/dialects/dialect.ts'
import { postgres } from '../../src/dialects/postgres/index.ts'

export interface ConnectOptions {
  readonly variables?: Readonly<Record<string, string>>
  readonly home?: string
  readonly intent?: 'read' | 'write'
  readonly timeoutMs?: number
  readonly keepaliveMs?: number
}

export function surroundings({ variables = {}, home }: ConnectOptions = {}): Surroundings {
  return {
    variable: (name) => {
      const text = variables[name]
      return text === undefined ? undefined : { text, name }
    },
    cwd: '/',
    home,
    findSocket: () => undefined,
  }
}

export function parsePostgres(text: string, options: ConnectOptions = {}): PostgresUrl {
  const context = { name: 'the URL', cwd: '/', osUser: () => 'sailor', surroundings: surroundings(options) }
  const { url } = parseDatabaseUrl(text, context)
  if (url.dialect !== 'postgres') throw new TypeError('not a PostgreSQL URL')
  return url
}

export function connectBy(text: string, options: ConnectOptions = {}): Promise<Session> {
  return postgres.connect(parsePostgres(text, options), {
    intent: options.intent ?? 'read',
    applicationName: 'slipway/test',
    attemptTimeoutMs: options.timeoutMs ?? 10_000,
    keepaliveMs: options.keepaliveMs ?? 0,
    history: { table: 'schema_migrations', schema: undefined },
    signal: new AbortController().signal,
  })
}

/** `TLSv1.3`, or `plaintext`: how a session came about. It is ended. */
export async function encryptionBy(text: string, options: ConnectOptions = {}): Promise<string> {
  await using session = await connectBy(text, options)
  return session.facts.encryption ?? 'plaintext'
}

/** How a connection failed: the kind of fault, and its message. */
export async function failureBy(text: string, options: ConnectOptions = {}): Promise<string> {
  let session: Session
  try {
    session = await connectBy(text, options)
  } catch (error) {
    const { kind, message } = postgres.explain(error)
    const code = error instanceof Error && 'exitCode' in error && 'code' in error ? String(error.code) : kind
    return `${code}: ${message}`
  }
  await session.close()
  throw new Error('it did connect')
}
