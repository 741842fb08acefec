/** The streams of this process, made when something is written to them: Node takes 3 ms for each. */
import { isatty } from 'node:tty'
import type { OutputStream } from '../reporters/progress.ts'

export type StreamName = 'stdout' | 'stderr'

export function isTerminal(name: StreamName): boolean {
  return isatty(name === 'stdout' ? 1 : 2)
}

const opened = new Set<StreamName>()

/** `slipway status | head` is no failure. */
export function openStream(name: StreamName): NodeJS.WriteStream {
  const stream = process[name]
  if (!opened.has(name)) stream.on('error', ignoreClosedPipe)
  opened.add(name)
  return stream
}

/** Resolves when everything written so far is on its way: a pipe takes a long text in pieces. */
export function flush(name: StreamName): Promise<void> {
  if (!opened.has(name) || process[name].writableLength === 0) return Promise.resolve()
  return new Promise((resolve) => {
    process[name].write('', () => resolve())
  })
}

/** process.stderr for a reporter; with its descriptor, which is all that some of them need. */
export const stderrStream: OutputStream = {
  fd: 2,
  get columns() {
    return openStream('stderr').columns
  },
  write: (text, done) => openStream('stderr').write(text, done),
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
