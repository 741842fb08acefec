/** One value for the names in a folder, without a look at any file. */
import { hash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { listFolder } from './folder.ts'

/**
 * SHA-256, in hex, over the sorted names with a NUL after each; with `subfolders` their files too, as `folder/file`.
 * Names that begin with a dot are left out: the manifest's own, and what editors and volumes put there. Throws what
 * reading a folder throws.
 */
export function listingDigest(dir: string, subfolders: boolean): string {
  const names = subfolders ? listDeep(dir, '') : readdirSync(dir).filter(isShown)
  return hash(
    'sha256',
    names
      .sort()
      .map((name) => `${name}\0`)
      .join(''),
  )
}

/** Whether listingDigest has to look into subfolders. */
export function hasSubfolders(dir: string): boolean {
  return listFolder(dir).folders.some(isShown)
}

function listDeep(dir: string, prefix: string): string[] {
  const { files, folders } = listFolder(dir)
  return [
    ...files.filter(isShown).map((name) => prefix + name),
    ...folders
      .filter(isShown)
      .flatMap((name) => [`${prefix}${name}`, ...listDeep(join(dir, name), `${prefix}${name}/`)]),
  ]
}

function isShown(name: string): boolean {
  return !name.startsWith('.')
}
