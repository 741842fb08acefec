/** Runs the built CLI as a process of its own, as a user would, in an environment that holds only what is given. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordOutput } from './leak-log.ts'

export interface SlipwayOptions {
  /** Beyond PATH, HOME and TMPDIR, which come from the test. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Standard input; closed at once without it. */
  readonly input?: string
  /** Default 60 s. A process that takes longer is killed and the promise rejects: a hang is a failure. */
  readonly timeoutMs?: number
  /** Arguments of node itself, such as `--import`. */
  readonly nodeOptions?: readonly string[]
  /** Another user to run as; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Aborting kills with SIGKILL. */
  readonly signal?: AbortSignal
  /** Another program to run instead of node and the CLI; for tests of this helper and of wrappers. */
  readonly command?: readonly [string, ...string[]]
}

export interface SlipwayResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

export interface RunningSlipway {
  readonly pid: number
  readonly done: Promise<SlipwayResult>
  kill(signal: NodeJS.Signals): void
  /** What it printed so far, both streams as they came. */
  output(): string
  /** The match, once the output has it; rejects when the process ends without. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>
}

const root = join(import.meta.dirname, '../..')
export const cliPath: string = join(root, 'dist/slipway.cjs')

/** The Node that slipway runs on; the tests themselves stay on their own. */
export const nodePath: string = process.env.TEST_NODE ?? process.execPath

export function slipway(args: readonly string[], options: SlipwayOptions = {}): Promise<SlipwayResult> {
  return startSlipway(args, options).done
}

export function startSlipway(args: readonly string[], options: SlipwayOptions = {}): RunningSlipway {
  const command = options.command ?? [nodePath, ...(options.nodeOptions ?? []), requireBuilt()]
  const [program, ...before] = command
  const child = spawn(program, [...before, ...args], {
    cwd: options.cwd,
    env: { ...inherited(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options.user,
    ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' }),
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return watch(child, args, options.timeoutMs ?? 60_000)
}

function requireBuilt(): string {
  if (!existsSync(cliPath)) throw new Error(`not built yet: npm run build (no ${cliPath})`)
  return cliPath
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR']
  return Object.fromEntries(
    names.flatMap((name) => [[name, process.env[name] ?? '']]).filter(([, v]) => v !== ''),
  )
}

function watch(child: ChildProcess, args: readonly string[], timeoutMs: number): RunningSlipway {
  const began = performance.now()
  const printed = { stdout: '', stderr: '', both: '' }
  const titles = new Set<string>()
  const listeners = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      printed[name] += chunk
      printed.both += chunk
      readTitle(child, titles)
      for (const listener of listeners) listener()
    })
  }
  const titleTimer = setInterval(() => readTitle(child, titles), 100)
  let timedOut = false
  const killTimer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, timeoutMs)

  const done = new Promise<SlipwayResult>((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(error)
    })
    child.once('close', (code, signal) => {
      clearInterval(titleTimer)
      clearTimeout(killTimer)
      const shown = `slipway ${args.join(' ')}`
      try {
        recordOutput(shown, [shown, ...titles, printed.stdout, printed.stderr].join('\n'))
      } catch (leak) {
        reject(leak)
      }
      if (timedOut)
        reject(new Error(`${shown} did not end within ${timeoutMs} ms; it printed:\n${printed.both}`))
      const durationMs = performance.now() - began
      resolve({ code, signal, stdout: printed.stdout, stderr: printed.stderr, durationMs })
    })
  })
  // A test that only waits for output must not die of an unhandled rejection before it looks at `done`.
  done.catch(() => {})

  return {
    pid: child.pid ?? -1,
    done,
    kill: (signal) => {
      child.kill(signal)
    },
    output: () => printed.both,
    waitForOutput: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(printed.both)
          if (match === null) return
          listeners.delete(look)
          resolve(match)
        }
        listeners.add(look)
        look()
        const fail = () =>
          reject(new Error(`ended without printing ${pattern}; it printed:\n${printed.both}`))
        done.then(fail, fail)
      }),
  }
}

/** What `ps` would show; only Linux tells it without a program. */
function readTitle(child: ChildProcess, titles: Set<string>): void {
  if (process.platform !== 'linux') return
  try {
    titles.add(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim())
    titles.add(readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim())
  } catch {
    // It has ended.
  }
}
