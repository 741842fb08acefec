/**
 * Prints lines and, between them, tells that something still goes on: on a terminal a last line that is drawn again
 * in place, elsewhere a plain line now and then. Its timer never keeps the process alive.
 */
import { clipToWidth } from './text-width.ts'

/** What a reporter needs of a stream: process.stderr, or a Writable that collects. */
export interface OutputStream {
  write(text: string, done?: (error?: Error | null) => void): boolean
  readonly columns?: number
  /** Present where lines may be written to the descriptor itself. */
  readonly fd?: number
  on?(event: 'error', listener: () => void): unknown
  off?(event: 'error', listener: () => void): unknown
}

export interface ProgressOptions {
  readonly stream: OutputStream
  /** The last line can be drawn again in place. */
  readonly live: boolean
  readonly now: () => Date
}

/** Something that takes time. `describe` gets the elapsed milliseconds; undefined from it: nothing to show. */
export interface Activity {
  readonly describe: (elapsedMs: number) => string
  /** The plain line of a stream that is not live; undefined: none. */
  readonly beat?: (elapsedMs: number) => string
}

export interface Progress {
  print(lines: readonly string[]): void
  begin(activity: Activity): void
  end(): void
  /** Ends the activity; resolves once the stream has taken everything. */
  close(): Promise<void>
}

/** Erase the whole line, then go to its first column (ECMA-48 EL and CHA). */
export const clearLine = '\u001b[2K\u001b[1G'
const redrawMs = 200
const beatCheckMs = 1000
/** When a step of a run without a terminal is said to be running still; after these, once a minute. */
const firstBeatsMs = [10_000, 30_000, 60_000]

export function createProgress(options: ProgressOptions): Progress {
  const { stream, live, now } = options
  let current: { readonly activity: Activity; readonly since: number; beats: number } | undefined
  let timer: NodeJS.Timeout | undefined
  let drawn = ''

  const elapsed = () => (current === undefined ? 0 : now().getTime() - current.since)
  const liveText = () => {
    if (!live || current === undefined) return ''
    // A terminal that does not know its width says 0: `docker run -t` without one at the other end.
    return clipToWidth(current.activity.describe(elapsed()), (stream.columns || 80) - 1)
  }
  const replace = (lines: readonly string[]) => {
    const next = liveText()
    if (lines.length === 0 && next === drawn) return
    const printed = lines.map((line) => `${line}\n`).join('')
    const output = `${drawn === '' ? '' : clearLine}${printed}${next}`
    drawn = next
    if (output !== '') stream.write(output)
  }
  const beat = () => {
    if (current?.activity.beat === undefined || elapsed() < beatTime(current.beats)) return
    // After a wait that blocked the event loop several beats are due; one tells it all.
    while (beatTime(current.beats) <= elapsed()) current.beats += 1
    replace([current.activity.beat(elapsed())])
  }
  const stopTimer = () => {
    clearInterval(timer)
    timer = undefined
  }
  const end = () => {
    current = undefined
    stopTimer()
    replace([])
  }

  return {
    print: replace,
    begin: (activity) => {
      stopTimer()
      current = { activity, since: now().getTime(), beats: 0 }
      timer = setInterval(live ? () => replace([]) : beat, live ? redrawMs : beatCheckMs)
      timer.unref()
      replace([])
    },
    end,
    close: async () => {
      end()
      await new Promise<void>((resolve) => stream.write('', () => resolve()))
    },
  }
}

function beatTime(beats: number): number {
  const last = firstBeatsMs.length - 1
  return firstBeatsMs[beats] ?? (firstBeatsMs[last] ?? 0) + (beats - last) * 60_000
}
