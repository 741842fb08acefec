/** Runs a program to its end or to a deadline, and says what it took. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { folderOfRun } from './scratch.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Beside PATH, HOME and TMPDIR; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
}

export interface Ended {
  /** Undefined: ended by a signal, ours if `timedOut`. */
  readonly code: number | undefined
  readonly timedOut: boolean
  /** From start to end, of the program alone. */
  readonly wallMs: number
  /** User and system time of the program and its children. */
  readonly cpuMs: number
  /** stdout and stderr together. */
  readonly output: string
}

/** bash starts the program and takes the times, so that they do not hold what this process does meanwhile. */
const stopwatch = `TIMEFORMAT='%U %S'
began=$EPOCHREALTIME
{ time "$@" 2>&1; } 2>&3
code=$?
echo "$began $EPOCHREALTIME" >&3
exit $code`

export async function runCommand(command: Command, options: { deadlineMs: number }): Promise<Ended> {
  const times = scratchFile('times')
  const log = scratchFile('log')
  const fds = [openSync(log, 'w'), openSync(times, 'w')] as const
  const child = start('bash', ['-c', stopwatch, 'bench', command.file, ...command.args], command, [
    'ignore',
    fds[0],
    fds[0],
    fds[1],
  ])
  const { code, timedOut } = await untilEnd(child, options.deadlineMs)
  for (const fd of fds) closeSync(fd)
  const output = take(log)
  return { code, timedOut, output, ...readTimes(take(times)) }
}

export interface EndedTogether {
  readonly code: number | undefined
  readonly timedOut: boolean
  readonly output: string
}

/** The same program `count` times at once. `wallMs` is from before the first start until the last one ended. */
export async function runTogether(
  command: Command,
  options: { count: number; deadlineMs: number },
): Promise<{ wallMs: number; ended: readonly EndedTogether[] }> {
  const began = performance.now()
  const ended = await Promise.all(
    Array.from({ length: options.count }, async () => {
      const log = scratchFile('log')
      const fd = openSync(log, 'w')
      const child = start(command.file, command.args, command, ['ignore', fd, fd])
      const end = await untilEnd(child, options.deadlineMs)
      closeSync(fd)
      return { ...end, log, at: performance.now() }
    }),
  )
  const wallMs = Math.max(...ended.map(({ at }) => at)) - began
  return { wallMs, ended: ended.map(({ code, timedOut, log }) => ({ code, timedOut, output: take(log) })) }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) killGroup(child)
})

function start(
  file: string,
  args: readonly string[],
  { env, cwd }: Command,
  stdio: ('ignore' | number)[],
): ChildProcess {
  const { PATH = '', HOME = '/', TMPDIR } = process.env
  const child = spawn(file, args, {
    cwd,
    stdio,
    // A group of its own: what it starts can be ended with it.
    detached: true,
    env: { PATH, HOME, LANG: 'C.UTF-8', ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env },
  })
  running.add(child)
  return child
}

async function untilEnd(
  child: ChildProcess,
  deadlineMs: number,
): Promise<{ code: number | undefined; timedOut: boolean }> {
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    killGroup(child)
  }, deadlineMs)
  try {
    const code = await new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (exit) => resolve(exit ?? undefined))
    })
    return { code: timedOut ? undefined : code, timedOut }
  } finally {
    clearTimeout(timer)
    running.delete(child)
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

function readTimes(text: string): { wallMs: number; cpuMs: number } {
  const [user = Number.NaN, system = Number.NaN, began = Number.NaN, ended = Number.NaN] = text
    .trim()
    .split(/\s+/)
    .map(Number)
  return { wallMs: (ended - began) * 1000, cpuMs: (user + system) * 1000 }
}

let files = 0
function scratchFile(kind: string): string {
  files += 1
  return join(folderOfRun(), `${kind}-${files}`)
}

function take(path: string): string {
  const text = readFileSync(path, 'utf8')
  rmSync(path)
  return text
}
