/** From the entries of a folder to migrations, still unread. */
import { join, sep } from 'node:path'
import type { Language } from '../plan/migration.ts'
import { type ParsedName, parseMigrationName } from '../plan/name.ts'
import { classifyFileName, isIgnored } from './classify.ts'
import { type FolderListing, listFolder } from './folder.ts'
import { pairSqlFiles } from './pair.ts'

/** A migration whose files are known and not yet read. Paths are absolute. */
export interface Draft {
  readonly name: string
  readonly parsed: ParsedName
  readonly language: Language
  readonly up: string
  readonly down?: string
  /** Known to be ordinary files. */
  readonly isPlain?: boolean
}

export interface Misnamed {
  readonly path: string
  readonly why: string
}

export interface Grouping {
  readonly drafts: readonly Draft[]
  readonly misnamed: readonly Misnamed[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

interface Unnamed extends Omit<Draft, 'parsed'> {
  /** What to point at when the name is wrong. */
  readonly shown: readonly string[]
}

/** `archive` is a subfolder to leave alone. */
export function groupEntries(dir: string, listing: FolderListing, archive: string): Grouping {
  const files = groupFiles(dir, listing)
  const folders = listing.folders
    .filter((folder) => folder !== archive && !isIgnored(folder))
    .map((folder) => groupFolder(dir, folder))
  const found = [...files.found, ...folders.flatMap((folder) => folder.found)]
  const drafts: Draft[] = []
  const nameless: Misnamed[] = []
  for (const { shown, ...draft } of found) {
    const parsed = parseMigrationName(draft.name)
    if (parsed !== undefined) drafts.push({ ...draft, parsed })
    else nameless.push(...shown.map((path) => ({ path, why: 'begins with no version' })))
  }
  return {
    drafts,
    misnamed: [...files.misnamed, ...folders.flatMap((folder) => folder.misnamed), ...nameless].sort(
      (a, b) => (a.path < b.path ? -1 : 1),
    ),
    warnings: folders.flatMap((folder) => folder.warnings),
  }
}

interface Found {
  readonly found: readonly Unnamed[]
  readonly misnamed: readonly Misnamed[]
}

function groupFiles(dir: string, { files, plain }: FolderListing): Found {
  const found: Unnamed[] = []
  const misnamed: Misnamed[] = []
  const sql = new Map<string, string>()
  const inside = join(dir, sep)
  for (const file of files) {
    const entry = classifyFileName(file)
    const path = inside + file
    if (entry.kind === 'sql') sql.set(entry.stem, path)
    if (entry.kind === 'misnamed') misnamed.push({ path, why: entry.why })
    if (entry.kind === 'script')
      found.push({
        name: entry.stem,
        language: entry.language,
        up: path,
        isPlain: plain.has(file),
        shown: [path],
      })
  }
  const scripts = found.map(({ name }) => name)
  const { migrations, orphans } = pairSqlFiles([...sql.keys()], scripts)
  const pathOf = (stem: string) => sql.get(stem) ?? `${inside}${stem}.sql`
  const isPlain = (stem: string | undefined) => stem === undefined || plain.has(`${stem}.sql`)
  for (const { stem, why } of orphans) misnamed.push({ path: pathOf(stem), why })
  for (const { name, up, down } of migrations)
    found.push({
      ...sqlMigration(name, pathOf(up), down && pathOf(down)),
      isPlain: isPlain(up) && isPlain(down),
    })
  return { found, misnamed }
}

function sqlMigration(name: string, up: string, down: string | undefined): Unnamed {
  if (down === undefined) return { name, language: 'sql', up, shown: [up] }
  return { name, language: 'sql', up, down, shown: [up, down] }
}

/** `NAME/` with `up.sql` and `down.sql`, or with `migration.sql`. Other folders are no migrations. */
function groupFolder(dir: string, folder: string): Found & Pick<Grouping, 'warnings'> {
  const path = join(dir, folder)
  const isNamed = parseMigrationName(folder) !== undefined
  const files = isNamed ? listFolder(path).files : filesIfReadable(path)
  const ups = ['up.sql', 'migration.sql'].filter((name) => files.includes(name))
  const down = files.includes('down.sql') ? join(path, 'down.sql') : undefined
  const [up] = ups
  if (ups.length > 1)
    return {
      found: [],
      misnamed: [{ path, why: 'holds both up.sql and migration.sql: keep one' }],
      warnings: [],
    }
  if (up !== undefined)
    return { found: [sqlMigration(folder, join(path, up), down)], misnamed: [], warnings: [] }
  if (down !== undefined && isNamed)
    return {
      found: [],
      misnamed: [{ path: down, why: 'is a down half, and there is no up.sql' }],
      warnings: [],
    }
  const message = `${path} is named like a migration, but holds neither up.sql nor migration.sql; it is ignored`
  return { found: [], misnamed: [], warnings: isNamed ? [{ code: 'folder-ignored', message }] : [] }
}

/** Something like lost+found must not stop a run. */
function filesIfReadable(path: string): readonly string[] {
  try {
    return listFolder(path).files
  } catch {
    return []
  }
}
