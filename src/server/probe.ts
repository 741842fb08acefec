/** Asks a `serve` how it is. */
import { get } from 'node:http'
import { type ErrorCode, messageOf, SlipwayError } from '../errors.ts'

export interface ProbeOptions {
  readonly host: string
  readonly port: number
  readonly path: '/healthz' | '/readyz'
  readonly timeoutMs: number
}

/** What every address means is found at one: a server at 0.0.0.0 answers at 127.0.0.1, too. */
const somewhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** What it said. Throws not-ready and serve-unreachable. */
export async function probe({ host, port, path, timeoutMs }: ProbeOptions): Promise<string> {
  const answer = Promise.withResolvers<{ status: number; body: string }>()
  const signal = AbortSignal.timeout(timeoutMs)
  const request = get({ host: somewhere[host] ?? host, port, path, signal, agent: false }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      body += text
    })
    response.once('end', () => answer.resolve({ status: response.statusCode ?? 0, body: body.trim() }))
    response.once('error', answer.reject)
  })
  request.once('error', answer.reject)
  const fail = (code: ErrorCode, message: string, cause?: unknown) =>
    new SlipwayError(code, message, cause === undefined ? {} : { cause })
  const { status, body } = await answer.promise.catch((error: unknown) => {
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : messageOf(error)
    throw fail('serve-unreachable', `no serve answers at ${host}, port ${port}: ${why}`, error)
  })
  if (status === 200) return body
  if (status === 503) throw fail('not-ready', body)
  throw fail('serve-unreachable', `something else answers at ${host}, port ${port}: HTTP status ${status}`)
}
