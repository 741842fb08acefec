/** The HTTP side of `serve`: seven addresses, all of them only to be read. node:http is enough for that. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { messageOf, SlipwayError } from '../errors.ts'
import { hasToken, isForeignName, isLoopback } from './access.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** What it is now. Asked for everywhere but where `open` says otherwise. */
  readonly token: (() => string) | undefined
  readonly routes: Readonly<Record<string, Route>>
}

export interface Route {
  /** Without the token: probes have none. */
  readonly open?: true
  /** Returns what to answer, or undefined where it answered itself. */
  readonly answer: (
    request: IncomingMessage,
    response: ServerResponse,
  ) => Answer | undefined | Promise<Answer>
}

export interface Answer {
  readonly status: number
  /** A media type. */
  readonly type: string
  readonly body: string
}

export interface OpenServer {
  /** `http://127.0.0.1:7300` */
  readonly url: string
  /** Ends every connection at once. */
  close(): Promise<void>
}

/** Connections at once; a probe, a scrape and a few open pages need less. */
const maxConnections = 256
/**
 * Whoever takes longer to ask, or does not read the answer, gives up a place that a probe may need. An open page is told
 * something more often.
 */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5000,
} as const
const silenceMs = 30_000
const plain = 'text/plain; charset=utf-8'

/**
 * No script, style or connection but our own; no page may hold ours in a frame; nothing is kept.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
 */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const

/** Throws listen-failed. */
export async function openServer(options: ServerOptions): Promise<OpenServer> {
  const server = createServer(limits, (request, response) => void handle(request, response, options))
  server.timeout = silenceMs
  server.maxConnections = maxConnections
  await listen(server, options)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    // Of one that listens it is a connection that could not be taken, and none of the run's business.
    server.on('error', (error) => {
      const message = `serve cannot listen at ${host}, port ${port}: ${messageOf(error)}`
      reject(new SlipwayError('listen-failed', message, { cause: error }))
    })
    server.listen({ host, port }, resolve)
  })
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
): Promise<void> {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  try {
    const answer =
      refuse(request, response, options) ?? (await findRoute(request, options)?.answer(request, response))
    if (answer !== undefined) send(request, response, answer)
  } catch (error) {
    // What is wrong with one page is none of the run's business.
    if (response.headersSent) response.destroy()
    else
      send(request, response, {
        status: 500,
        type: plain,
        body: `slipway cannot show this: ${nameOf(error)}\n`,
      })
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

function findRoute(request: IncomingMessage, { routes }: ServerOptions): Route | undefined {
  const [path = ''] = (request.url ?? '').split('?')
  return Object.hasOwn(routes, path) ? routes[path] : undefined
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
): Answer | undefined {
  const text = (status: number, body: string): Answer => ({ status, type: plain, body: `${body}\n` })
  if (options.token === undefined && isLoopback(options.host) && isForeignName(request, options.host))
    return text(421, 'slipway answers to addresses and localhost only')
  const route = findRoute(request, options)
  if (route === undefined) return text(404, 'there is nothing at this address')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return text(405, 'slipway can only be read here')
  }
  if (options.token === undefined || route.open === true || hasToken(request, options.token()))
    return undefined
  response.setHeader('WWW-Authenticate', ['Bearer realm="slipway"', 'Basic realm="slipway", charset="UTF-8"'])
  return text(401, 'the token of SLIPWAY_TOKEN_FILE is needed')
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}
