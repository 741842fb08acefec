/** A folder to work in, which nobody else can read. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'
import type { Run } from './run.ts'

interface ScratchDirOptions {
  readonly prefix: string
  readonly code: 'copy-failed' | 'dump-failed'
  /** `a copy` */
  readonly what: string
}

/** Throws `code`: in containers the file system is often read-only. */
export function makeScratchDir({ url }: Run, { prefix, code, what }: ScratchDirOptions): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix))
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? messageOf(error)
    throw new SlipwayError(
      code,
      `${what} of ${url.shown} needs a folder of its own in ${tmpdir()} (${why})`,
      {
        cause: error,
        hint: hintForRoom(),
      },
    )
  }
}

export function hintForRoom(): string {
  return `make room in ${tmpdir()}, or name another folder: export TMPDIR=/path`
}
