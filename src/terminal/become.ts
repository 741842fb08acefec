/** Turns this process into another program. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'

export interface FoundCommand {
  /** Absolute. */
  readonly path: string
  /** How it is called before its arguments: its name as typed, or `sh` and the script. */
  readonly call: readonly [string, ...string[]]
}

export interface NextProgram extends FoundCommand {
  readonly args: readonly string[]
  readonly env: Record<string, string>
}

/**
 * The search execve does not do, and a look at what was found: Node 22 aborts where execve fails. Throws
 * command-missing.
 */
export function findCommand(name: string, path: string | undefined, cwd: string): FoundCommand {
  const place = findFile(name, path, cwd)
  const start = readStart(place)
  const interpreter = /^#![ \t]*([^ \t]+)/.exec(start ?? '')?.[1]
  if (interpreter !== undefined && !isExecutable(resolve(cwd, interpreter)))
    throw new SlipwayError('command-missing', `${name} ${describeInterpreter(interpreter)}`, {
      hint: `correct the first line of ${place}`,
    })
  return isPlainText(start) ? { path: '/bin/sh', call: ['sh', place] } : { path: place, call: [name] }
}

function describeInterpreter(interpreter: string): string {
  return interpreter.endsWith('\r')
    ? 'has a first line that ends as on Windows, which no interpreter is found by'
    : `is to be run by ${interpreter}, which is not an executable file`
}

function findFile(name: string, path: string | undefined, cwd: string): string {
  if (name.includes('/')) {
    const place = isAbsolute(name) ? name : resolve(cwd, name)
    if (isExecutable(place)) return place
    throw new SlipwayError('command-missing', `${name} is not an executable file`)
  }
  const folders = (path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter)
  const found = folders.map((folder) => join(resolve(cwd, folder), name)).find(isExecutable)
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

/** The first line, at most 256 bytes of it: all that Linux looks at. Undefined for what may be run but not read. */
function readStart(place: string): string | undefined {
  try {
    const file = openSync(place, 'r')
    try {
      const bytes = Buffer.alloc(256)
      return bytes.toString('latin1', 0, readSync(file, bytes)).replace(/\n.*$/s, '')
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

/**
 * A script without a #! line is run by sh, as execvp and every shell do; a NUL in its first line tells a program from
 * a script: https://pubs.opengroup.org/onlinepubs/9799919799/functions/exec.html
 */
function isPlainText(start: string | undefined): boolean {
  return process.platform !== 'win32' && start !== undefined && !/^#!|\0/.test(start)
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
  const { startChild } = await import('../engine/run-program.ts')
  const child = await startChild(path, [...call.slice(1), ...args], { env })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return child.exitCode
}
