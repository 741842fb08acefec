/** One migration's text from disk. */
import { readFileSync } from 'node:fs'
import { isAbsolute, relative } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'
import { normaliseText } from '../plan/checksum.ts'
import type { SourceFile } from '../plan/migration.ts'
import { describeAccess, errnoOf } from './folder.ts'

/** Throws SlipwayError file-unreadable, nul-byte or not-utf8. Synchronous: hundreds of small files are read faster so. */
export function readSourceFile(path: string, cwd: string): SourceFile {
  const shown = showPath(path, cwd)
  const bytes = readBytes(path, shown)
  const nul = bytes.indexOf(0)
  if (nul !== -1)
    throw new SlipwayError('nul-byte', `${shown} holds a NUL byte at offset ${nul}`, {
      location: { file: shown },
    })
  return { path, shown, text: normaliseText(decode(bytes, shown)) }
}

function readBytes(path: string, shown: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const denied = ['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')
    const why = denied ? describeAccess(path) : ` (${messageOf(error)})`
    throw new SlipwayError('file-unreadable', `${shown} cannot be read${why}`, { cause: error })
  }
}

/** Anything else than UTF-8 would reach the database with letters replaced. */
function decode(bytes: Buffer, shown: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new SlipwayError('not-utf8', `${shown} is not UTF-8 text`, {
      location: { file: shown },
      cause: error,
    })
  }
}

/** Relative to the working directory where the path is below it. */
export function showPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short
}
