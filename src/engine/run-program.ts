/** Another program to its end, for a dialect that needs one. */
import type { ProgramResult, RunProgram } from '../dialects/reverting.ts'
import { type ProgramEnd, runProgram as runChild } from '../programs/run-program.ts'
import type { Run } from './run.ts'

/** What a program needs of our environment, and nothing that may be a secret. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot'] as const

/** With the run's environment, without input. A signal of the run ends it. */
export function programsOf(run: Pick<Run, 'cwd' | 'env'>): RunProgram {
  return (program, args, options) => runProgram(run, [program, ...args], options)
}

async function runProgram(
  run: Pick<Run, 'cwd' | 'env'>,
  command: readonly [string, ...string[]],
  { env, signal }: Parameters<RunProgram>[2],
): Promise<ProgramResult> {
  const output: Record<'stdout' | 'stderr', string[]> = { stdout: [], stderr: [] }
  const end = await runChild({
    command,
    cwd: run.cwd,
    env: { ...inheritedVariables(run), ...env },
    timeoutMs: 0,
    signal,
    onLine: (line, from) => output[from].push(line),
  })
  signal.throwIfAborted()
  const stdout = output.stdout.map((line) => `${line}\n`).join('')
  if (end.kind === 'exited' && end.exitCode === 0) return { end: 'ok', stdout, message: '' }
  const isMissing = end.kind === 'not-started' && /\bENOENT\b/.test(end.reason)
  return {
    end: isMissing ? 'missing' : 'failed',
    stdout,
    message: output.stderr.slice(-5).join('; ').trim() || describeEnd(end),
  }
}

function inheritedVariables({ env }: Pick<Run, 'env'>): Record<string, string> {
  return Object.fromEntries(
    inherited.flatMap((name) => {
      const value = env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function describeEnd(end: ProgramEnd): string {
  switch (end.kind) {
    case 'exited':
      return `it ended with exit code ${end.exitCode}`
    case 'killed':
      return `${end.signal} ended it`
    case 'not-started':
      return end.reason
    default:
      return 'it was stopped'
  }
}
