/** `new`: writes migrations that do not exist yet. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SlipwayError } from '../errors.ts'
import type { ParsedName } from '../plan/name.ts'
import { nextSecond, nextVersion } from '../plan/next-version.ts'
import type { RenderedMigration } from '../templates/render.ts'
import { errnoOf } from './folder.ts'
import { makeFolder } from './make-folder.ts'

export interface CreateOptions {
  /** Absolute; made if it is not there. */
  readonly dir: string
  /** In the order in which they have to be applied. */
  readonly migrations: readonly RenderedMigration[]
  readonly now: Date
  /** What the folder holds already, in any order. */
  readonly existing: readonly ParsedName[]
}

/**
 * Writes the files and returns their paths; all of them, or none. The version is `now` as YYYYMMDDHHMMSS in UTC, or
 * one second after the newest timestamp that is there; of several migrations each is later than the one before. Throws
 * SlipwayError not-writable if the folder cannot be written.
 */
export function createMigrations({ dir, migrations, now, existing }: CreateOptions): string[] {
  const written: string[] = []
  try {
    makeFolder(dir)
    let version = nextVersion(now, existing)
    for (const migration of migrations) {
      for (; ; version = nextSecond(version)) {
        const paths = writeMigration(dir, version, migration)
        if (paths === undefined) continue
        written.push(...paths)
        break
      }
      version = nextSecond(version)
    }
    return written
  } catch (error) {
    for (const path of written) rmSync(path, { force: true })
    if (error instanceof SlipwayError) throw error
    const message = `cannot write to ${dir} (${errnoOf(error) ?? error})`
    throw new SlipwayError('not-writable', message, {
      hint: `make the folder writable: ${dir}`,
      cause: error,
    })
  }
}

/** Undefined if one of its files is there already: nothing is ever written over. */
function writeMigration(
  dir: string,
  version: string,
  { slug, files }: RenderedMigration,
): string[] | undefined {
  const written: string[] = []
  for (const { extension, text } of files) {
    const path = join(dir, `${version}_${slug}${extension}`)
    try {
      writeFileSync(path, text, { flag: 'wx' })
      written.push(path)
    } catch (error) {
      // A file that was made and could not be filled is ours as well.
      const isThere = errnoOf(error) === 'EEXIST'
      for (const each of isThere ? written : [...written, path]) rmSync(each, { force: true })
      if (!isThere) throw error
      return undefined
    }
  }
  return written
}
