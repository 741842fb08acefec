/** The names of migrations in old/: enough to know that a file is still there. */
import { join } from 'node:path'
import { listFolder } from './folder.ts'
import { groupEntries } from './group.ts'

/** Subfolders that are no migrations are searched too. What is misnamed there does no harm and is passed over. */
export function listNames(dir: string): string[] {
  const listing = listFolder(dir)
  const names = groupEntries(dir, listing, '').drafts.map(({ name }) => name)
  const others = listing.folders.filter((folder) => !names.includes(folder) && !folder.startsWith('.'))
  return [...names, ...others.flatMap((folder) => listNames(join(dir, folder)))]
}
