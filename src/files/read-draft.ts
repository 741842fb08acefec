/** From a migration whose files are known to its text and checksum: at once, or when somebody asks for the text. */
import { SlipwayError } from '../errors.ts'
import { checksumOf, pairSource, shortChecksum } from '../plan/checksum.ts'
import type { MigrationFile, SourceFile } from '../plan/migration.ts'
import type { Draft } from './group.ts'
import { readSourceFile, showPath } from './read-source.ts'

/** Throws SlipwayError file-unreadable, nul-byte, not-utf8. */
export function readDraft({ name, parsed, language, isPlain, ...paths }: Draft, cwd: string): MigrationFile {
  const up = readSourceFile(paths.up, cwd, isPlain)
  const down = paths.down === undefined ? undefined : readSourceFile(paths.down, cwd, isPlain)
  const source = pairSource(up.text, down?.text)
  return { name, ...parsed, language, up, ...(down && { down }), source, checksum: checksumOf(source) }
}

/**
 * The same with the checksum that the manifest has. Its files are read when a text of it is looked at for the first
 * time, which then throws what readDraft throws, and manifest-mismatch for another text than was hashed.
 */
export function fileOnDemand(draft: Draft, cwd: string, checksum: string): MigrationFile {
  let read: MigrationFile | undefined
  const file = () => {
    read ??= requireChecksum(readDraft(draft, cwd), checksum)
    return read
  }
  const half = (path: string, pick: (file: MigrationFile) => SourceFile | undefined): SourceFile => ({
    path,
    shown: showPath(path, cwd),
    get text() {
      return pick(file())?.text ?? ''
    },
  })
  return {
    name: draft.name,
    ...draft.parsed,
    language: draft.language,
    checksum,
    up: half(draft.up, ({ up }) => up),
    ...(draft.down === undefined ? {} : { down: half(draft.down, ({ down }) => down) }),
    get source() {
      return file().source
    },
  }
}

/** One reason for each file whose text is another one; none without a manifest. */
export function findMismatches(
  files: readonly MigrationFile[],
  checksums: ReadonlyMap<string, string> | undefined,
): SlipwayError[] {
  return files.flatMap((file) => {
    const checksum = checksums?.get(file.name)
    return checksum === undefined || checksum === file.checksum ? [] : [mismatch(file)]
  })
}

function requireChecksum(file: MigrationFile, checksum: string): MigrationFile {
  if (file.checksum !== checksum) throw mismatch(file)
  return file
}

function mismatch({ name, up, checksum }: MigrationFile): SlipwayError {
  return new SlipwayError(
    'manifest-mismatch',
    `${up.shown} is not the text that the manifest was made from (${shortChecksum(checksum)} now)`,
    { migration: name, location: { file: up.shown } },
  )
}
