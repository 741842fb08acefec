/** The folder of migrations as a sorted list of named, hashed texts. Nothing is imported or parsed here. */
import { join } from 'node:path'
import { SlipwayError } from '../errors.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { compareMigrations } from '../plan/name.ts'
import { combineReasons } from '../plan/refusal.ts'
import { type Baseline, findBaseline } from './baseline.ts'
import { findDuplicates } from './duplicates.ts'
import { listFolder } from './folder.ts'
import { type Draft, groupEntries, type Misnamed } from './group.ts'
import { listNames } from './list-names.ts'
import { type ReadManifest, readManifest } from './manifest.ts'
import { fileOnDemand, findMismatches, readDraft } from './read-draft.ts'
import { showPath } from './read-source.ts'

export interface DiscoverOptions {
  /** A folder without migrations is fine. */
  readonly allowEmpty: boolean
  /** What paths in messages are relative to. */
  readonly cwd: string
  /**
   * `use` (default): where there is a manifest to rely on, files are read when their text is needed, and must then be
   * what it says. `check`: all are read, and compared with it. `ignore`: it may as well not be there.
   */
  readonly manifest?: 'use' | 'check' | 'ignore' | undefined
}

export interface Discovery {
  /** In the order of versions. */
  readonly files: readonly MigrationFile[]
  readonly baseline?: Baseline | undefined
  /** Names found in old/, at any depth. */
  readonly archived: ReadonlySet<string>
  readonly warnings: readonly {
    readonly code: string
    readonly message: string
    readonly migration?: string
  }[]
  /** Files whose text is not what the manifest says; found only by `check`. */
  readonly mismatches: readonly SlipwayError[]
}

const archive = 'old'

/**
 * Reads the whole folder, or its manifest. Throws SlipwayError, everything that is wrong in one: dir-missing, dir-empty, misnamed,
 * duplicate, file-unreadable, nul-byte, not-utf8.
 */
export async function discoverMigrations(dir: string, options: DiscoverOptions): Promise<Discovery> {
  const listing = listFolder(dir)
  const { drafts, misnamed, warnings } = groupEntries(dir, listing, archive)
  const use = options.manifest ?? 'use'
  const manifest =
    use === 'ignore'
      ? noManifest
      : readManifest(
          dir,
          drafts.map(({ name }) => name),
        )
  const { files, unreadable } = await readDrafts(
    drafts,
    options.cwd,
    use === 'use' ? manifest.checksums : undefined,
  )
  const problems = [
    ...describeMisnamed(misnamed, options.cwd),
    ...findDuplicates(drafts, options.cwd),
    ...unreadable,
  ]
  if (problems.length > 0) throw combineReasons(problems)
  const archived = listing.folders.includes(archive)
    ? new Set(listNames(join(dir, archive)))
    : new Set<string>()
  const baseline = findBaseline(listing.files, { dir, cwd: options.cwd, files, archived })
  // What has been kept is a sign that this is the right folder.
  if (files.length === 0 && archived.size === 0 && baseline === undefined && !options.allowEmpty)
    throw new SlipwayError('dir-empty', `no migration in ${dir}${describeContent(listing.files)}`)
  return {
    files: files.sort(compareMigrations),
    archived,
    baseline,
    warnings: [...manifest.warnings, ...warnings, ...describeTwice(files, archived)],
    mismatches: use === 'check' ? findMismatches(files, manifest.checksums) : [],
  }
}

const noManifest: ReadManifest = { checksums: undefined, warnings: [] }

/** So many are read before the process looks at anything else: a connection may be under way. */
const atOnce = 32

async function readDrafts(drafts: readonly Draft[], cwd: string, checksums: ReadManifest['checksums']) {
  const files: MigrationFile[] = []
  const unreadable: SlipwayError[] = []
  for (const [index, draft] of drafts.entries()) {
    if (index % atOnce === 0) await new Promise((resolve) => setImmediate(resolve))
    try {
      const checksum = checksums?.get(draft.name)
      files.push(checksum === undefined ? readDraft(draft, cwd) : fileOnDemand(draft, cwd, checksum))
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error
      unreadable.push(error)
    }
  }
  return { files, unreadable }
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
