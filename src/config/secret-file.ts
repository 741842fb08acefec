import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'

export interface SecretFile {
  /** The variable that names the file, for messages: `DATABASE_URL_FILE`. */
  readonly variable: string
  /** As written; relative to `cwd`. */
  readonly path: string
  readonly cwd: string
}

/**
 * The text of a file such as a Docker or Kubernetes secret, without a byte order mark and trailing newlines.
 * Throws secret-unreadable, naming path, mode, owner and our uid; an empty file is unreadable too.
 */
export function readSecretFile({ variable, path, cwd }: SecretFile): string {
  if (path.includes('://'))
    throw new SlipwayError('secret-unreadable', `${variable} holds a URL, not the path of a file`, {
      hint: `put the URL into ${variable.replace(/_FILE$/, '')}, or into a file that ${variable} names`,
    })
  const absolute = resolve(cwd, path)
  const text = readText(variable, absolute)
    .replace(/^\uFEFF/, '')
    .replace(/[\r\n]+$/, '')
  if (text === '')
    throw new SlipwayError('secret-unreadable', `${variable} names ${absolute}, which is empty`, {
      hint: 'write the value into the file, or unset the variable',
    })
  return text
}

function readText(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SlipwayError(
      'secret-unreadable',
      `${variable} names ${path}, ${describeObstacle(path, error)}`,
      { cause: error, ...hintFor(reasonOf(error)) },
    )
  }
}

/** Docker makes an empty directory where the source of a bind mount is missing. */
function hintFor(reason: string): { hint?: string } {
  if (reason === 'EISDIR')
    return { hint: 'mount a file there: a directory appears where the source of a mount is missing' }
  return reason === 'ENOENT' ? { hint: 'mount the secret there, or correct the path' } : {}
}

function describeObstacle(path: string, error: unknown): string {
  const us = `we are uid ${process.getuid?.() ?? 'unknown'}`
  try {
    const { mode, uid, gid } = statSync(path)
    const octal = (mode & 0o7777).toString(8).padStart(4, '0')
    return `which cannot be read (${reasonOf(error)}): mode ${octal}, owner ${uid}:${gid}, ${us}`
  } catch (obstacle) {
    const reason = reasonOf(obstacle)
    return reason === 'ENOENT'
      ? `which does not exist (${us})`
      : `which cannot even be looked at (${reason}): ${us}`
  }
}

/** The system's code alone: EACCES, EISDIR. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
}
