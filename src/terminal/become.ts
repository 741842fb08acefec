/** Turns this process into another program. */
import { messageOf, SlipwayError } from '../errors.ts'
import type { FoundCommand } from '../programs/find-command.ts'

export interface NextProgram extends FoundCommand {
  readonly args: readonly string[]
  readonly env: Record<string, string>
}

/**
 * On Unix the program takes over this process: same process id, and the signals are its own. Returns only where that
 * is impossible (Windows), with the exit code of a child to which signals were passed on. Throws command-missing.
 */
export async function becomeCommand({ path, call, args, env }: NextProgram): Promise<number> {
  if (process.platform !== 'win32' && typeof process.execve === 'function') {
    try {
      process.execve(path, [...call, ...args], env)
    } catch (error) {
      throw new SlipwayError('command-missing', `${path} cannot be run: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }
  const { runInherited } = await import('../programs/run-program.ts')
  const child = await runInherited([path, ...call.slice(1), ...args], env)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return await child.exitCode
}
