/** Runs another program as a child. The only file that imports `execa`, which is loaded when a child is. */
import type { Readable } from 'node:stream'

export type OutputName = 'stdout' | 'stderr'

export interface ProgramOptions {
  /** What to run: a file and its arguments, or text for the shell. */
  readonly command: readonly [string, ...string[]] | string
  readonly cwd: string
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** 0: none. */
  readonly timeoutMs: number
  /** Ends it when aborted. */
  readonly signal: AbortSignal
  /** Without its newline. */
  readonly onLine: (line: string, from: OutputName) => void
}

export type ProgramEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'not-started'; readonly reason: string }

/** Between SIGTERM and SIGKILL. */
const graceMs = 5000
/** How long what is left in its pipes is read after its end: a child of its own may hold them open for ever. */
const drainMs = 500

/**
 * Rejects never. The program gets no input, and a process group of its own, so that what it starts can be ended with it:
 * at its deadline, when the signal is aborted, and when this process exits.
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const { command, cwd, env, timeoutMs, signal } = options
  if (signal.aborted) return { kind: 'stopped' }
  const { execa } = await import('execa')
  const [file, args] = typeof command === 'string' ? [command, []] : [command[0], command.slice(1)]
  const child = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    shell: typeof command === 'string',
    stdin: 'ignore',
    buffer: false,
    reject: false,
    timeout: timeoutMs,
    cancelSignal: signal,
    killDescendants: true,
    forceKillAfterDelay: graceMs,
    // Would put handlers on this process's signals.
    cleanup: false,
    stripFinalNewline: false,
  })
  const endWithUs = () => child.kill('SIGKILL')
  process.on('exit', endWithUs)
  const reading = Promise.all([
    readLines(child.stdout, (line) => options.onLine(line, 'stdout')),
    readLines(child.stderr, (line) => options.onLine(line, 'stderr')),
  ])
  child.nodeChildProcess.once('exit', () => void closeAfter(reading, [child.stdout, child.stderr]))
  try {
    const result = await child
    await reading
    // What ignored the first signal, or came too late for it, is in its process group still.
    if (result.timedOut || result.isCanceled) endWithUs()
    return endOf(result)
  } finally {
    process.off('exit', endWithUs)
  }
}

interface Result {
  readonly timedOut: boolean
  readonly isCanceled: boolean
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly originalMessage?: string | undefined
}

function endOf({ timedOut, isCanceled, exitCode, signal, originalMessage }: Result): ProgramEnd {
  if (isCanceled) return { kind: 'stopped' }
  if (timedOut) return { kind: 'timed-out' }
  if (exitCode !== undefined) return { kind: 'exited', exitCode }
  if (signal !== undefined) return { kind: 'killed', signal }
  return { kind: 'not-started', reason: originalMessage ?? 'for an unknown reason' }
}

/** Longer ones are told in parts, so that a program without newlines cannot fill the memory. */
const longestLine = 10_000

async function readLines(stream: Readable, tell: (line: string) => void): Promise<void> {
  let rest = ''
  stream.setEncoding('utf8')
  try {
    for await (const chunk of stream) {
      const lines = `${rest}${chunk}`.split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) tell(line)
      for (; rest.length > longestLine; rest = rest.slice(longestLine)) tell(rest.slice(0, longestLine))
    }
  } catch {
    // Closed by us, or with the program.
  }
  if (rest !== '') tell(rest)
}

async function closeAfter(reading: Promise<unknown>, streams: readonly Readable[]): Promise<void> {
  const timer = setTimeout(() => {
    for (const stream of streams) stream.destroy()
  }, drainMs)
  await reading.catch(() => {})
  clearTimeout(timer)
}

export interface InheritedProgram {
  readonly exitCode: Promise<number>
  kill(signal: NodeJS.Signals): void
}

/** With this process's own streams. */
export async function runInherited(
  [file, ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<InheritedProgram> {
  const { execa } = await import('execa')
  const child = execa(file ?? '', args, { env, extendEnv: false, stdio: 'inherit', reject: false })
  return {
    exitCode: child.then(({ exitCode }) => exitCode ?? 1),
    kill: (signal) => void child.kill(signal),
  }
}
