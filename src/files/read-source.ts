/** One migration's text from disk. */
import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'
import { normaliseText } from '../plan/checksum.ts'
import type { SourceFile } from '../plan/migration.ts'
import { excerptAt } from '../sql/excerpt.ts'
import { describeAccess, errnoOf } from './folder.ts'

/**
 * Throws SlipwayError file-unreadable, nul-byte or not-utf8. Synchronous: hundreds of small files are read faster so.
 * `isPlain`: known to be an ordinary file.
 */
export function readSourceFile(path: string, cwd: string, isPlain = false): SourceFile {
  const shown = showPath(path, cwd)
  if (!isPlain) refusePipe(path, shown)
  return { path, shown, text: normaliseText(readText(path, shown)) }
}

/** Node's own decoding is the fastest; it puts U+FFFD where the bytes are no UTF-8, and then they are looked at. */
function readText(path: string, shown: string): string {
  const text = readingFrom(path, shown, () => readFileSync(path, 'utf8'))
  if (!text.includes('\uFFFD') && !text.includes('\0')) return text
  const bytes = readingFrom(path, shown, () => readFileSync(path))
  refuseNul(bytes, shown)
  return decode(bytes, shown)
}

/** Reading a pipe or a device could wait for ever, and no signal would get through. What is not there is readText's to say. */
function refusePipe(path: string, shown: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile())
    throw new SlipwayError('file-unreadable', `${shown} is no ordinary file`, {
      hint: 'put a file of text there, or remove it',
    })
}

function readingFrom<T>(path: string, shown: string, read: () => T): T {
  try {
    return read()
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
  if (path.startsWith(cwd + sep)) return path.slice(cwd.length + 1)
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short
}
