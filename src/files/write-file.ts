/** Writing a file that a user named. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { errnoOf } from './folder.ts'

export interface WriteOptions {
  /** For messages. */
  readonly shown: string
  /** Whether a file that is there may be replaced. */
  readonly force: boolean
}

/** Throws file-exists. */
export function requireFree(path: string, { shown, force }: WriteOptions): void {
  if (!force && existsSync(path)) throw new SlipwayError('file-exists', `${shown} is there already`)
}

/** Whole or not at all. Throws file-exists, not-writable. */
export function writeWholeFile(path: string, text: string, options: WriteOptions): void {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}`)
  const target = options.force ? draft : path
  try {
    writeFileSync(target, text, { flag: 'wx' })
    if (options.force) renameSync(draft, path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') rmSync(target, { force: true })
    else requireFree(path, options)
    throw new SlipwayError(
      'not-writable',
      `${options.shown} cannot be written (${errnoOf(error) ?? error})`,
      { hint: 'name a file in a folder that is there and writable: --output FILE', cause: error },
    )
  }
}
