/** Turns this process into another program. The only file that imports `execa`. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { SlipwayError } from '../errors.ts'

export interface NextProgram {
  /** Absolute, from findCommand. */
  readonly path: string
  /** As it was typed: becomes argv[0]. */
  readonly name: string
  readonly args: readonly string[]
  readonly env: Record<string, string>
}

/** The search execve does not do. Throws command-missing. */
export function findCommand(name: string, path: string | undefined, cwd: string): string {
  if (name.includes('/')) {
    const place = isAbsolute(name) ? name : resolve(cwd, name)
    if (isExecutable(place)) return place
    throw new SlipwayError('command-missing', `${name} is not an executable file`)
  }
  const folders = (path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter)
  const found = folders.map((folder) => join(folder === '' ? cwd : folder, name)).find(isExecutable)
  if (found !== undefined) return found
  throw new SlipwayError('command-missing', `${name} was not found on the PATH (${path ?? 'not set'})`)
}

function isExecutable(place: string): boolean {
  try {
    accessSync(place, constants.X_OK)
    return statSync(place).isFile()
  } catch {
    return false
  }
}

/**
 * On Unix the program takes over this process: same process id, and the signals are its own. Returns only where that
 * is impossible (Windows), with the exit code of a child to which signals were passed on.
 */
export async function becomeCommand(program: NextProgram): Promise<number> {
  if (process.platform !== 'win32' && typeof process.execve === 'function') {
    process.execve(program.path, [program.name, ...program.args], program.env)
  }
  const { execa } = await import('execa')
  const child = execa(program.path, [...program.args], {
    env: program.env,
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  const { exitCode } = await child
  return exitCode ?? 1
}
