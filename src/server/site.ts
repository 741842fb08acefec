/** What is at which address. */
import type { Board } from './board.ts'
import type { Answer, Route } from './http.ts'
import { contentType, renderMetrics } from './metrics.ts'
import { assets } from './page/assets.ts'
import { renderPage, renderParts } from './page/page.ts'
import { createStream, eventStream } from './stream.ts'

export interface Site {
  readonly routes: Readonly<Record<string, Route>>
  /** Something may have changed. */
  tell(): void
  close(): void
}

/** A person waits this long for what is new; a probe does not, since its own time is short. */
const patienceMs = 2000
const plain = 'text/plain; charset=utf-8'

export function createSite(board: Board): Site {
  const stream = createStream({
    parts: () => renderParts(board.view()),
    tick: () => void board.freshen(0),
  })
  const fixed = Object.entries(assets).map(([path, asset]) => {
    const route: Route = { answer: () => ({ status: 200, ...asset }) }
    return [path, route] as const
  })
  return {
    routes: {
      ...Object.fromEntries(fixed),
      '/healthz': { open: true, answer: () => ({ status: 200, type: plain, body: 'ok\n' }) },
      '/readyz': { open: true, answer: () => answerProbe(board) },
      '/metrics': {
        answer: async () => {
          await board.freshen(patienceMs)
          return { status: 200, type: contentType, body: await renderMetrics(board.facts()) }
        },
      },
      '/api/status': {
        answer: async () => {
          await board.freshen(patienceMs)
          const body = `${JSON.stringify(board.view(), null, 2)}\n`
          return { status: 200, type: 'application/json; charset=utf-8', body }
        },
      },
      '/': {
        answer: async () => {
          await board.freshen(patienceMs)
          return { status: 200, type: 'text/html; charset=utf-8', body: renderPage(board.view()) }
        },
      },
      '/events': {
        answer: (request, response) => {
          if (request.method === 'HEAD') return { status: 200, type: eventStream, body: '' }
          if (!stream.open(response)) return tooMany
          void board.freshen(0)
          return undefined
        },
      },
    },
    tell: stream.tell,
    close: stream.close,
  }
}

const tooMany: Answer = { status: 503, type: plain, body: 'too many pages are open\n' }

/** The reason names migrations, which whoever may not see the page need not know. */
function answerProbe(board: Board): Answer {
  void board.freshen(0)
  const { ready, phase, code } = board.state()
  if (ready) return { status: 200, type: plain, body: 'ready\n' }
  const why = code === undefined ? '' : ` (${code})`
  return { status: 503, type: plain, body: `not ready: ${phase.replaceAll('-', ' ')}${why}\n` }
}
