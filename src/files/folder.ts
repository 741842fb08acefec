/** Listing a folder, symbolic links followed. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'

export interface FolderListing {
  /** Names, sorted. A link that leads nowhere counts as a file: reading it will say so. */
  readonly files: readonly string[]
  readonly folders: readonly string[]
  /** Those of the files that are no links, pipes or devices. */
  readonly plain: ReadonlySet<string>
}

/** Throws SlipwayError dir-missing if the folder is not there, is none, or cannot be read. */
export function listFolder(path: string): FolderListing {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    const isFolder = (entry: (typeof entries)[number]) =>
      entry.isDirectory() || (entry.isSymbolicLink() && leadsToFolder(join(path, entry.name)))
    const folders = new Set(entries.filter(isFolder).map(({ name }) => name))
    const files = entries.filter(({ name }) => !folders.has(name))
    return {
      files: files.map(({ name }) => name).sort(),
      folders: [...folders].sort(),
      plain: new Set(files.filter((entry) => entry.isFile()).map(({ name }) => name)),
    }
  } catch (error) {
    throw new SlipwayError('dir-missing', explainFailure(path, error), { cause: error })
  }
}

function leadsToFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function explainFailure(path: string, error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return `the folder of migrations does not exist: ${path}`
    case 'ENOTDIR':
      return `not a folder: ${path}`
    case 'EACCES':
    case 'EPERM':
      return `the folder of migrations cannot be read: ${path}${describeAccess(path)}`
    default:
      return `the folder of migrations cannot be read: ${path} (${messageOf(error)})`
  }
}

/** Such as ` (mode 0700, owner 0:0; slipway runs as 1000:1000)`; empty where the system does not tell. */
export function describeAccess(path: string): string {
  try {
    const { mode, uid, gid } = statSync(path)
    const bits = (mode & 0o7777).toString(8).padStart(4, '0')
    return ` (mode ${bits}, owner ${uid}:${gid}; slipway runs as ${process.getuid?.()}:${process.getgid?.()})`
  } catch {
    return ` (slipway runs as ${process.getuid?.()}:${process.getgid?.()})`
  }
}

/** `ENOENT` and the like. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
