/**
 * `.slipway-manifest.json`: names and checksums of a folder, made at image build, so that a start need not read every
 * file. Its first line alone tells whether there is anything to do; docs/formats.md promises its shape.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { type DigestedMigration, digestMigrations } from '../plan/digest.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
import { errnoOf } from './folder.ts'
import { listingDigest } from './listing-digest.ts'

export const manifestName = '.slipway-manifest.json'
export const manifestFormat = 1

/** The first line. */
export interface ManifestHead {
  readonly format: number
  /** See listingDigest. */
  readonly listing: string
  /** The folder has subfolders, whose files are listed too. */
  readonly subfolders: boolean
  /** Of migrations. */
  readonly count: number
  /** See digestMigrations. */
  readonly digest: string
  /** How many things about the folder are worth a warning at every run; what they are is not stored. */
  readonly warnings: number
}

export type FoundManifest =
  | { readonly kind: 'none' }
  /** It is there, and cannot be relied on; `why` goes on after its path. */
  | { readonly kind: 'unusable'; readonly code: string; readonly why: string }
  | { readonly kind: 'usable'; readonly head: ManifestHead }

/** Reads the first line and compares the listing. Throws nothing that is wrong with the manifest. */
export function findManifest(dir: string): FoundManifest {
  const path = join(dir, manifestName)
  let line: string | undefined
  try {
    line = readFirstLine(path)
  } catch (error) {
    return errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
      ? { kind: 'none' }
      : { kind: 'unusable', code: 'manifest-unreadable', why: `cannot be read (${messageOf(error)})` }
  }
  const head = line === undefined ? undefined : parseHead(line)
  if (head === undefined) return damaged
  if (head.format !== manifestFormat)
    return {
      kind: 'unusable',
      code: 'manifest-newer',
      why: `has format ${head.format}, and this slipway knows ${manifestFormat}`,
    }
  return hasListing(dir, head) ? { kind: 'usable', head } : stale
}

const stale = {
  kind: 'unusable',
  code: 'manifest-stale',
  why: 'was made from other files than are here',
} as const satisfies FoundManifest

/** What keeps the folder from being read is told by whoever reads it. */
function hasListing(dir: string, head: ManifestHead): boolean {
  try {
    return listingDigest(dir, head.subfolders) === head.listing
  } catch {
    return false
  }
}

const damaged = {
  kind: 'unusable',
  code: 'manifest-unreadable',
  why: 'is damaged',
} as const satisfies FoundManifest

/** Checksum by name; undefined if the text is not what its first line says. */
function readEntries(dir: string, { count, digest }: ManifestHead): ReadonlyMap<string, string> | undefined {
  try {
    const { migrations } = JSON.parse(readFileSync(join(dir, manifestName), 'utf8'))
    const entries = Object.entries(migrations).map(([name, checksum]) => ({
      name,
      checksum: String(checksum),
    }))
    if (entries.length !== count || digestMigrations(entries).digest !== digest) return undefined
    return new Map(entries.map(({ name, checksum }) => [name, checksum]))
  } catch {
    return undefined
  }
}

export interface ReadManifest {
  /** Checksum by name of migration, for exactly the migrations that are here; undefined without a manifest to rely on. */
  readonly checksums: ReadonlyMap<string, string> | undefined
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

/** `names` are the migrations that the folder holds. */
export function readManifest(dir: string, names: readonly string[]): ReadManifest {
  const found = findManifest(dir)
  if (found.kind === 'none') return { checksums: undefined, warnings: [] }
  const checksums = found.kind === 'usable' ? readEntries(dir, found.head) : undefined
  if (checksums?.size === names.length && names.every((name) => checksums.has(name)))
    return { checksums, warnings: [] }
  const { code, why } = found.kind === 'unusable' ? found : damaged
  const message = `${join(dir, manifestName)} ${why}; every file is read instead. To make it anew: ${withTypedFlags('slipway manifest')}`
  return { checksums: undefined, warnings: [{ code, message }] }
}

const beforeMigrations = ',"migrations":{'

/** The text of a manifest: the same for the same folder. `migrations` in the order of versions. */
export function renderManifest(
  folder: { readonly listing: string; readonly subfolders: boolean; readonly warnings: number },
  migrations: readonly DigestedMigration[],
): string {
  const { count, digest } = digestMigrations(migrations)
  const { listing, subfolders, warnings } = folder
  const head: ManifestHead = { format: manifestFormat, listing, subfolders, count, digest, warnings }
  const lines = migrations.map(({ name, checksum }) => `${JSON.stringify(name)}:${JSON.stringify(checksum)}`)
  return `${JSON.stringify(head).slice(0, -1)}${beforeMigrations}\n${lines.join(',\n')}\n}}\n`
}

const longestHead = 1024

/** Undefined if it is no ordinary file or has no such line. A pipe must not be waited for. */
function readFirstLine(path: string): string | undefined {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!fstatSync(file).isFile()) return undefined
    const bytes = Buffer.alloc(longestHead)
    const [line, ...rest] = bytes.toString('utf8', 0, readSync(file, bytes)).split('\n')
    return rest.length === 0 ? undefined : line
  } finally {
    closeSync(file)
  }
}

function parseHead(line: string): ManifestHead | undefined {
  if (!line.endsWith(beforeMigrations)) return undefined
  try {
    const head = JSON.parse(`${line.slice(0, -beforeMigrations.length)}}`)
    const isHead =
      Number.isInteger(head.format) &&
      (head.format !== manifestFormat ||
        (typeof head.listing === 'string' &&
          typeof head.subfolders === 'boolean' &&
          Number.isInteger(head.count) &&
          typeof head.digest === 'string' &&
          Number.isInteger(head.warnings)))
    return isHead ? head : undefined
  } catch {
    return undefined
  }
}
