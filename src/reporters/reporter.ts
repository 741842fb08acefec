/** Chooses how a run is told. */
import type { Config } from '../config/config.ts'
import type { Listener, RunEvent } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { isLoudEnough } from './event-level.ts'
import type { OutputStream } from './progress.ts'

export interface Reporter {
  /** Never throws. */
  readonly listen: Listener
  /** Ends a live line and its timer; resolves once everything is written. Await it before exit or execve. */
  close(): Promise<void> | void
}

export interface ReporterOptions {
  readonly format: Config['logFormat']
  readonly level: Config['logLevel']
  /** stderr: stdout is for results. */
  readonly stream: OutputStream
  /** Lines can be drawn again in place; see canRedraw in should-color.ts. */
  readonly isTTY: boolean
  /** See shouldColor in should-color.ts. */
  readonly colors: boolean
  readonly redact: Redactor
  readonly verb: string
  /** The TRACEPARENT variable, for JSON lines; ignored unless it is a W3C trace context. */
  readonly traceparent?: string | undefined
  readonly now?: () => Date
}

/** Verbs that print their result on stdout: on stderr they only tell of waiting and of trouble. */
const resultVerbs = new Set([
  'status',
  'history',
  'verify',
  'config',
  'version',
  'new',
  'doctor',
  'unlock',
  'manifest',
  'healthcheck',
])

/** Only the chosen reporter is loaded. */
export async function createReporter(options: ReporterOptions): Promise<Reporter> {
  const { stream } = options
  const ignore = () => {}
  // An error event without a listener would end the process: a log reader that went away must not stop a migration.
  stream.on?.('error', ignore)
  const reporter = await loadReporter(options)
  return {
    listen: (event) => listenSafely(event, reporter, options),
    close: async () => {
      await reporter.close()
      stream.off?.('error', ignore)
    },
  }
}

/** Who waits this long for a server wants to be told. */
const notBeforeMs = 50

export interface StartingReporter extends Reporter {
  /** Loads it now: there is nothing better to do. */
  begin(): void
}

/**
 * The same at once. It is loaded when it is begun, when it is closed or a little later: a connection is under way, and
 * loading would hold it up. What happens before is told then, with the time at which it happened.
 */
export function startReporter(options: ReporterOptions): StartingReporter {
  const { now = () => new Date() } = options
  const early: { readonly event: RunEvent; readonly at: Date }[] = []
  let retold: Date | undefined
  let reporter: Reporter | undefined
  const { promise: isTime, resolve: begin } = Promise.withResolvers<void>()
  const timer = setTimeout(begin, notBeforeMs)
  const load = async (): Promise<Reporter> => {
    await isTime
    clearTimeout(timer)
    const loaded = await createReporter({ ...options, now: () => retold ?? now() })
    for (const { event, at } of early) {
      retold = at
      loaded.listen(event)
    }
    retold = undefined
    reporter = loaded
    return loaded
  }
  const loading = load()
  return {
    begin,
    listen: (event) => {
      if (reporter === undefined) early.push({ event, at: now() })
      else reporter.listen(event)
    },
    close: async () => {
      begin()
      await (await loading).close()
    },
  }
}

async function loadReporter(options: ReporterOptions): Promise<Reporter> {
  const { format, stream, level, redact, colors, isTTY, verb, now = () => new Date() } = options
  switch (format) {
    case 'json': {
      const { createJsonReporter } = await import('./json.ts')
      const traceparent = checkTraceparent(options.traceparent)
      return createJsonReporter({ stream, level, redact, now, verb, traceparent })
    }
    case 'pretty': {
      const { createPrettyReporter } = await import('./pretty.ts')
      const narrate = !resultVerbs.has(verb)
      return createPrettyReporter({ stream, level, redact, now, colors, live: isTTY, narrate })
    }
  }
}

/** A fault in telling must not become a fault of the run; it is told in its place. */
function listenSafely(event: RunEvent, reporter: Reporter, { stream, level, redact }: ReporterOptions): void {
  try {
    reporter.listen(event)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : 'unknown'
    if (isLoudEnough('error', level)) stream.write(redact(`cannot report ${event.type}: ${reason}\n`))
  }
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function checkTraceparent(value: string | undefined): string | undefined {
  return value !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)
    ? value
    : undefined
}
