/** Whether this process may use a SQLite file, and the sentence that says why not. */
import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { SlipwayError } from '../../errors.ts'

/*
 * Only stat and access, never open: closing any descriptor of a database file drops every POSIX lock that this process
 * holds on it (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
 */

/** SQLite writes its journal beside the database, so both the file and its directory must be writable. */
export function canWrite(path: string): boolean {
  return whyNotWritable(path) === undefined
}

/** Throws not-writable, naming path, mode, owner and who we are; bad-url for a directory. */
export function requireWritable(path: string): void {
  refuseDirectory(path)
  requireDirectory(path)
  const reason = whyNotWritable(path)
  if (reason !== undefined) throw notWritable(`cannot write ${path}: ${reason}; ${describeUser()}`)
}

/** SQLite makes files, never directories. */
function requireDirectory(path: string): void {
  const directory = dirname(path)
  if (statOf(directory) === undefined)
    throw new SlipwayError(
      'not-writable',
      `cannot write ${path}: the directory ${directory} does not exist; ${describeUser()}`,
      { hint: `mkdir -p ${directory}, or mount the volume there` },
    )
}

export function refuseDirectory(path: string): void {
  if (statOf(path)?.isDirectory() === true)
    throw new SlipwayError('bad-url', `${path} is a directory, not a SQLite file`)
}

export function notWritable(message: string, cause?: unknown): SlipwayError {
  return new SlipwayError('not-writable', message, cause === undefined ? {} : { cause })
}

export function fileExists(path: string): boolean {
  return statOf(path) !== undefined
}

/** `/data has mode 0755 and owner 0:0`. */
export function describeAccess(path: string): string {
  const stats = statOf(path)
  if (stats === undefined) return `${path} does not exist`
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0')
  return `${path} has mode ${mode} and owner ${stats.uid}:${stats.gid}`
}

/** `slipway runs as 1000:1000`. */
export function describeUser(): string {
  if (process.getuid === undefined) return 'slipway runs as another user'
  return `slipway runs as ${process.getuid()}:${process.getgid?.()}`
}

function whyNotWritable(path: string): string | undefined {
  const directory = dirname(path)
  if (statOf(directory) === undefined) return `the directory ${directory} does not exist`
  if (!isAllowed(directory, constants.W_OK | constants.X_OK)) return describeAccess(directory)
  if (fileExists(path) && !isAllowed(path, constants.R_OK | constants.W_OK)) return describeAccess(path)
  return undefined
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
