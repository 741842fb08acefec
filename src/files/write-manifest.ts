/** Making a manifest, and telling whether the one that is there is still right. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { findMixedVersions } from '../plan/mixed-versions.ts'
import { type DiscoverOptions, discoverMigrations } from './discover.ts'
import { errnoOf } from './folder.ts'
import { hasSubfolders, listingDigest } from './listing-digest.ts'
import { manifestName, renderManifest } from './manifest.ts'

export interface MadeManifest {
  /** Absolute. */
  readonly path: string
  readonly text: string
  /** Of migrations. */
  readonly count: number
  /** What every run will say of this folder. */
  readonly warnings: readonly {
    readonly code: string
    readonly message: string
    readonly migration?: string
  }[]
}

/** Hashes every file. Throws what discoverMigrations throws. */
export async function makeManifest(
  dir: string,
  options: Omit<DiscoverOptions, 'manifest'>,
): Promise<MadeManifest> {
  const subfolders = hasFolder(dir)
  // Before the files are read: one that comes or goes meanwhile makes the manifest stale, not wrong.
  const listing = subfolders === undefined ? '' : listingDigest(dir, subfolders)
  const { files, warnings: found } = await discoverMigrations(dir, { ...options, manifest: 'ignore' })
  const warnings = [...found, ...findMixedVersions(files)]
  const folder = { listing, subfolders: subfolders === true, warnings: warnings.length }
  return { path: join(dir, manifestName), text: renderManifest(folder, files), count: files.length, warnings }
}

/** Undefined if the folder cannot be listed; reading it will say why. */
function hasFolder(dir: string): boolean | undefined {
  try {
    return hasSubfolders(dir)
  } catch (error) {
    if (error instanceof SlipwayError) return undefined
    throw error
  }
}

/** Whole or not at all: a start may read it at any moment. Throws not-writable. */
export function writeManifest({ path, text }: MadeManifest): void {
  const draft = `${path}.${process.pid}`
  try {
    writeFileSync(draft, text, { flag: 'wx' })
    renameSync(draft, path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') rmSync(draft, { force: true })
    throw new SlipwayError('not-writable', `cannot write ${path} (${errnoOf(error) ?? error})`, {
      hint: 'make the folder of migrations writable, or run this where it is: at the build of the image',
      cause: error,
    })
  }
}

/** Throws manifest-stale unless the file that is there says the same. */
export function checkManifest({ path, text }: MadeManifest): void {
  const found = readIfThere(path)
  if (found === text) return
  throw new SlipwayError(
    'manifest-stale',
    found === undefined ? `there is no ${path}` : `${path} is not what the folder would give now`,
  )
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw new SlipwayError('manifest-stale', `${path} cannot be read (${errnoOf(error) ?? error})`, {
      cause: error,
    })
  }
}
