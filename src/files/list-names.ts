/** The names of migrations in old/: enough to know that a file is still there. */
import { extname, join } from 'node:path'
import { isArchivable } from './archivable.ts'
import { classifyFileName } from './classify.ts'
import { listFolder } from './folder.ts'
import { groupEntries } from './group.ts'

/**
 * Subfolders that are no migrations are searched too. What is misnamed there does no harm: it counts by its name, since
 * other tools have names without a version, and languages of their own.
 */
export function listNames(dir: string): string[] {
  const listing = listFolder(dir)
  const names = groupEntries(dir, listing, '').drafts.map(({ name }) => name)
  const others = listing.folders.filter((folder) => !names.includes(folder) && !folder.startsWith('.'))
  return [
    ...names,
    ...listing.files.flatMap(nameOfForeign),
    ...others.flatMap((folder) => listNames(join(dir, folder))),
  ]
}

function nameOfForeign(file: string): string[] {
  const { kind } = classifyFileName(file)
  return kind === 'sql' || kind === 'script' || isArchivable(file)
    ? [file.slice(0, -extname(file).length)]
    : []
}
