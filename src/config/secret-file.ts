import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { describeObstacle, reasonOf } from './file-obstacle.ts'

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
