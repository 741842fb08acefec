/** One migration's text from disk. */
import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, relative } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'
import { normaliseText } from '../plan/checksum.ts'
import type { SourceFile } from '../plan/migration.ts'
import { excerptAt } from '../sql/excerpt.ts'
import { describeAccess, errnoOf } from './folder.ts'

/** Throws SlipwayError file-unreadable, nul-byte or not-utf8. Synchronous: hundreds of small files are read faster so. */
export function readSourceFile(path: string, cwd: string): SourceFile {
  const shown = showPath(path, cwd)
  refusePipe(path, shown)
  const bytes = readBytes(path, shown)
  refuseNul(bytes, shown)
  return { path, shown, text: normaliseText(decode(bytes, shown)) }
}

/** Reading a pipe or a device could wait for ever, and no signal would get through. What is not there is readBytes' to say. */
function refusePipe(path: string, shown: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile())
    throw new SlipwayError('file-unreadable', `${shown} is no ordinary file`, {
      hint: 'put a file of text there, or remove it',
    })
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

/** Neither database takes one in a text. UTF-16, as some editors on Windows save, is full of them. */
function refuseNul(bytes: Buffer, shown: string): void {
  const nul = bytes.indexOf(0)
  if (nul === -1) return
  const mark = bytes.toString('hex', 0, 2)
  if (mark === 'fffe' || mark === 'feff')
    throw new SlipwayError('not-utf8', `${shown} is UTF-16 text`, { location: { file: shown } })
  throw new SlipwayError('nul-byte', `${shown} holds a NUL byte at offset ${nul}`, {
    location: { file: shown, ...excerptAt(bytes.toString(), bytes.toString('utf8', 0, nul).length) },
  })
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
