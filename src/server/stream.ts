/** Server-sent events: pages that are open are told what changed. https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { ServerResponse } from 'node:http'

export interface StreamOptions {
  /** Of the page, by id; only those that changed are sent. */
  readonly parts: () => Readonly<Record<string, string>>
  /** While a page is open, about every second. */
  readonly tick: () => void
}

export interface Stream {
  /** False: too many pages are open. */
  open(response: ServerResponse): boolean
  /** Something may have changed. */
  tell(): void
  close(): void
}

export const eventStream = 'text/event-stream; charset=utf-8'
const maxPages = 64
/** A migration may send thousands of events a second; nobody sees more than a few. */
const tellEveryMs = 150
const tickMs = 1000
/** A proxy closes what is silent for long. */
const heartbeatTicks = 15

export function createStream({ parts, tick }: StreamOptions): Stream {
  const pages = new Map<ServerResponse, Record<string, string>>()
  let telling: NodeJS.Timeout | undefined
  let ticking: NodeJS.Timeout | undefined
  let ticks = 0

  const tellPage = (page: ServerResponse, now: Readonly<Record<string, string>>) => {
    // One that does not read is not worth the memory; it asks again when it is back.
    if (page.writableNeedDrain) return
    const before = pages.get(page) ?? {}
    const changed = Object.entries(now).filter(([id, html]) => before[id] !== html)
    if (changed.length === 0) return
    pages.set(page, { ...now })
    page.write(`event: parts\ndata: ${JSON.stringify(Object.fromEntries(changed))}\n\n`)
  }
  const tellAll = () => {
    telling = undefined
    if (pages.size === 0) return
    let now: Readonly<Record<string, string>>
    try {
      now = parts()
    } catch {
      // Out of a timer it would stop the run. Who asks again is told what is wrong.
      for (const page of pages.keys()) page.destroy()
      return
    }
    for (const page of pages.keys()) tellPage(page, now)
  }
  const beat = () => {
    ticks += 1
    if (ticks % heartbeatTicks === 0) for (const page of pages.keys()) page.write(': still here\n\n')
    tick()
    // How long something takes goes on without an event.
    tellAll()
  }
  return {
    open(response) {
      if (pages.size >= maxPages) return false
      response.writeHead(200, {
        'Content-Type': eventStream,
        'X-Accel-Buffering': 'no',
      })
      response.write('retry: 2000\n\n')
      pages.set(response, {})
      ticking ??= setInterval(beat, tickMs).unref()
      // The request's own event only means that all of it has arrived.
      response.once('close', () => {
        pages.delete(response)
        if (pages.size > 0) return
        clearInterval(ticking)
        ticking = undefined
      })
      tellPage(response, parts())
      return true
    },
    tell() {
      if (pages.size > 0) telling ??= setTimeout(tellAll, tellEveryMs).unref()
    },
    close() {
      clearInterval(ticking)
      clearTimeout(telling)
      for (const page of pages.keys()) page.end()
      pages.clear()
    },
  }
}
