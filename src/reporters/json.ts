/** JSON lines by pino, for log collectors. The only file that imports pino. */
import { writeSync } from 'node:fs'
import pino from 'pino'
import type { RunEvent } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { describeEvent, type Told } from './describe-event.ts'
import { eventFields } from './event-fields.ts'
import { isLoudEnough, type LogLevel, levelOf } from './event-level.ts'
import type { OutputStream } from './progress.ts'
import { createProgressFilter } from './progress-text.ts'
import type { Reporter } from './reporter.ts'
import { createRunMemories } from './run-memory.ts'

export interface JsonOptions {
  readonly stream: OutputStream
  readonly level: LogLevel
  readonly redact: Redactor
  readonly now: () => Date
  readonly verb: string
  readonly traceparent?: string | undefined
}

/**
 * One line per event: `level` (a word), `time` (ISO 8601, UTC), `verb`, `runId` once known, `traceparent` where one
 * was given, the fields of the event (see eventFields), and `msg`, the same words the pretty reporter prints.
 */
export function createJsonReporter(options: JsonOptions): Reporter {
  const { stream, redact, now, level } = options
  const memories = createRunMemories()
  const destination = openDestination(stream)
  const logger = pino(
    {
      level,
      base: baseFields(options),
      timestamp: () => `,"time":"${now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const isWorthALine = createProgressFilter(now)
  const listen = (event: RunEvent) => {
    const memory = memories.remember(event)
    const loudness = levelOf(event)
    if (!isLoudEnough(loudness, level) || !isWorthALine(event)) return
    const message = messageFor(event, describeEvent(event, { memory, now: now(), redact }), redact)
    const fields = eventFields(event, { redact, stack: level === 'debug' })
    logger[loudness]({ runId: memories.run.runId, ...fields }, message)
  }
  return { listen, close: () => flush(stream) }
}

/** `msg` alone must tell a failure: many log viewers show nothing else. */
function messageFor(event: RunEvent, told: Told, redact: Redactor): string {
  const text = told.aside === undefined ? told.text : `${told.text} (${told.aside})`
  if (event.type === 'step-failed') return `${text}: ${redact(event.error.message)}`
  const error = event.type === 'run-finished' ? event.outcome.error : undefined
  if (error === undefined) return text
  // A line about one of many begins with its name.
  return event.tenant === undefined
    ? `${redact(error.message)}; ${text}`
    : `${text}: ${redact(error.message)}`
}

/**
 * With a file descriptor lines are written synchronously, so none is lost when the process exits or is replaced
 * right after. A closed pipe is no reason to stop a migration.
 */
function openDestination(stream: OutputStream): pino.DestinationStream {
  if (stream.fd === undefined) return { write: (line) => void stream.write(line) }
  const { fd } = stream
  return { write: (line) => writeNow(fd, line) }
}

const pauseMs = 20

/** Waits for a reader that is slow: the other end of a pipe may have made it one that does not wait by itself. */
function writeNow(fd: number, line: string): void {
  let rest = Buffer.from(line)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    }
  }
}

function baseFields({ verb, traceparent, redact }: JsonOptions): Record<string, string> {
  return traceparent === undefined ? { verb } : { verb, traceparent: redact(traceparent) }
}

async function flush(stream: OutputStream): Promise<void> {
  if (stream.fd !== undefined) return
  await new Promise<void>((resolve) => stream.write('', () => resolve()))
}
