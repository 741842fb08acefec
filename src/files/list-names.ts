/** The names of migrations in old/: enough to know that a file is still there. */
import { basename, extname, join } from 'node:path'
import { isArchivable } from './archivable.ts'
import { listFolder } from './folder.ts'
import { groupEntries } from './group.ts'

/**
 * Subfolders that are no migrations are searched too. What is misnamed there does no harm: it counts by its name, since
 * other tools have names without a version, and languages of their own.
 */
export function listNames(dir: string): string[] {
  const listing = listFolder(dir)
  const { drafts, misnamed } = groupEntries(dir, listing, '')
  const names = drafts.map(({ name }) => name)
  const others = listing.folders.filter((folder) => !names.includes(folder) && !folder.startsWith('.'))
  const foreign = [...misnamed.map(({ path }) => path), ...listing.files.filter(isArchivable)]
  return [
    ...names,
    ...foreign.map((path) => basename(path, extname(path))),
    ...others.flatMap((folder) => listNames(join(dir, folder))),
  ]
}
