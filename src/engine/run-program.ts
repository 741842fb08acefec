/** Other programs as children of this process. The only file that imports `execa`. */
import type { ProgramResult, RunProgram } from '../dialects/reverting.ts'

export interface ChildOptions {
  /** All of its environment. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Child {
  kill(signal: NodeJS.Signals): void
  /** 1 where a signal ended it. */
  readonly exitCode: Promise<number>
}

/** With this process's own input and output. */
export async function startChild(
  program: string,
  args: readonly string[],
  { env }: ChildOptions,
): Promise<Child> {
  const { execa } = await import('execa')
  const child = execa(program, [...args], { env, extendEnv: false, stdio: 'inherit', reject: false })
  return {
    kill: (signal) => void child.kill(signal),
    exitCode: child.then(({ exitCode }) => exitCode ?? 1),
  }
}

/** What a program needs of our environment, and nothing that may be a secret. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot'] as const

/** To its end, without input. A signal of the run ends it. */
export const runProgram: RunProgram = async (program, args, { env, signal }) => {
  signal.throwIfAborted()
  const { execa } = await import('execa')
  const own = Object.fromEntries(inherited.map((name) => [name, process.env[name]]))
  const result = await execa(program, [...args], {
    env: { ...own, ...env },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: 5000,
  })
  signal.throwIfAborted()
  const { stdout, stderr, exitCode, shortMessage } = result
  if (exitCode === 0) return { end: 'ok', stdout, message: '' }
  const isMissing = result.code === 'ENOENT'
  return {
    end: isMissing ? 'missing' : 'failed',
    stdout,
    message: lastLines(stderr) || (shortMessage ?? ''),
  } satisfies ProgramResult
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('; ')
}
