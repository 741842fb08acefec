/** A `slipway serve` that runs, and what can be asked of it. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type RunningSlipway, type SlipwayOptions, startSlipway } from './cli.ts'
import { recordOutput } from './leak-log.ts'
import { until } from './until.ts'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Serving extends AsyncDisposable {
  readonly running: RunningSlipway
  readonly url: string
  get(path: string, options?: AskOptions): Promise<Answered>
  /** /api/status. */
  // biome-ignore lint/suspicious/noExplicitAny: what tests look into
  status(): Promise<any>
  /** Once /readyz says 200, or 503 with that text. */
  until(wanted: 'ready' | RegExp): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** On a free port. Resolves when it listens. */
export async function startServing(options: SlipwayOptions, args: readonly string[] = []): Promise<Serving> {
  const env = {
    SLIPWAY_LISTEN: '127.0.0.1:0',
    SLIPWAY_REFRESH: '100ms',
    SLIPWAY_LOG_FORMAT: 'json',
    ...options.env,
  }
  const running = startSlipway(['serve', ...args], { ...options, env })
  const [, url = ''] = await running.waitForOutput(/the status page: (http:\/\/[^"\s]+)/)
  const get: Serving['get'] = (path, asking = {}) => ask(`${url}${path}`, asking)
  return {
    running,
    url,
    get,
    status: async () => JSON.parse((await get('/api/status')).body),
    until: async (wanted) => {
      await until(`/readyz says ${wanted}`, async () => {
        const { status, body } = await get('/readyz')
        return wanted === 'ready' ? status === 200 : status === 503 && wanted.test(body)
      })
    },
    stop: async () => {
      running.kill('SIGTERM')
      return (await running.done).code
    },
    [Symbol.asyncDispose]: async () => {
      running.kill('SIGKILL')
      await running.done.catch(() => {})
    },
  }
}

/** fetch() does not let a test choose the Host header. */
export function ask(url: string, { method = 'GET', headers = {} }: AskOptions = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.once('end', () => {
        recordOutput(url, body)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    sent.once('error', reject)
    sent.end()
  })
}

/** The samples of a scrape: `slipway_migrations{state="applied"}` → 2. */
export function readSamples(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^(\S+(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      assert.match(value, /^-?[\d.]+(e[+-]?\d+)?$/, line)
      return [name, Number(value)]
    }),
  )
}
