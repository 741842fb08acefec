/** The folder of migrations as a sorted list of named, hashed texts. Nothing is imported or parsed here. */
import { join } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { checksumOf, pairSource } from '../plan/checksum.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { compareMigrations } from '../plan/name.ts'
import { combineReasons } from '../plan/refusal.ts'
import { findDuplicates } from './duplicates.ts'
import { listFolder } from './folder.ts'
import { type Draft, groupEntries, type Misnamed } from './group.ts'
import { listNames } from './list-names.ts'
import { readSourceFile, showPath } from './read-source.ts'

export interface DiscoverOptions {
  /** A folder without migrations is fine. */
  readonly allowEmpty: boolean
  /** What paths in messages are relative to. */
  readonly cwd: string
}

export interface Discovery {
  /** In the order of versions. */
  readonly files: readonly MigrationFile[]
  /** Names found in old/, at any depth. */
  readonly archived: ReadonlySet<string>
  readonly warnings: readonly {
    readonly code: string
    readonly message: string
    readonly migration?: string
  }[]
}

const archive = 'old'

/**
 * Reads the whole folder. Throws SlipwayError, everything that is wrong in one: dir-missing, dir-empty, misnamed,
 * duplicate, file-unreadable, nul-byte, not-utf8.
 */
export async function discoverMigrations(dir: string, options: DiscoverOptions): Promise<Discovery> {
  const listing = listFolder(dir)
  const { drafts, misnamed, warnings } = groupEntries(dir, listing, archive)
  const { files, unreadable } = readDrafts(drafts, options.cwd)
  const problems = [
    ...describeMisnamed(misnamed, options.cwd),
    ...findDuplicates(drafts, options.cwd),
    ...unreadable,
  ]
  if (problems.length > 0) throw combineReasons(problems)
  const archived = listing.folders.includes(archive)
    ? new Set(listNames(join(dir, archive)))
    : new Set<string>()
  if (files.length === 0 && !options.allowEmpty)
    throw new SlipwayError('dir-empty', `no migration in ${dir}${describeContent(listing.files)}`)
  return {
    files: files.sort(compareMigrations),
    archived,
    warnings: [...warnings, ...describeTwice(files, archived)],
  }
}

function readDrafts(drafts: readonly Draft[], cwd: string) {
  const files: MigrationFile[] = []
  const unreadable: SlipwayError[] = []
  for (const draft of drafts) {
    try {
      files.push(readDraft(draft, cwd))
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error
      unreadable.push(error)
    }
  }
  return { files, unreadable }
}

function readDraft({ name, parsed, language, isPlain, ...paths }: Draft, cwd: string): MigrationFile {
  const up = readSourceFile(paths.up, cwd, isPlain)
  const down = paths.down === undefined ? undefined : readSourceFile(paths.down, cwd, isPlain)
  const source = pairSource(up.text, down?.text)
  return { name, ...parsed, language, up, ...(down && { down }), source, checksum: checksumOf(source) }
}

function describeMisnamed(misnamed: readonly Misnamed[], cwd: string): SlipwayError[] {
  const list = misnamed.map(({ path, why }) => `${showPath(path, cwd)} ${why}`)
  const [first] = list
  if (first === undefined) return []
  if (list.length === 1) return [new SlipwayError('misnamed', first)]
  return [
    new SlipwayError(
      'misnamed',
      `${list.length} files are not named like migrations:\n- ${list.join('\n- ')}`,
    ),
  ]
}

const mostListed = 5

/** A folder that holds other things is mounted, but may be the wrong one. */
function describeContent(names: readonly string[]): string {
  if (names.length === 0) return ', it is empty'
  const listed = names.slice(0, mostListed).join(', ')
  return `; it holds ${listed}${names.length > mostListed ? ` and ${names.length - mostListed} more` : ''}`
}

function describeTwice(files: readonly MigrationFile[], archived: ReadonlySet<string>) {
  return files
    .filter(({ name }) => archived.has(name))
    .map(({ name, up }) => ({
      code: 'archived-twice',
      message: `${name} is in old/ too; ${up.shown} counts`,
      migration: name,
    }))
}
