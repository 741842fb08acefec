/** `baseline.<version>.sql`: the schema as it is after every migration up to that version, for databases that have none. */
import { join } from 'node:path'
import type { MigrationFile, SourceFile, Version } from '../plan/migration.ts'
import { compareMigrations, compareVersions } from '../plan/name.ts'
import { candidateOf } from '../plan/target.ts'
import { classifyFileName } from './classify.ts'
import { readSourceFile, showPath } from './read-source.ts'

/** A migration that the baseline stands for. */
export interface Covered {
  readonly name: string
  /** Empty where neither a file nor the baseline tells. */
  readonly checksum: string
  /** Absent where it is gone, or in old/. */
  readonly file?: MigrationFile
}

export interface Baseline {
  readonly version: Version
  /** Its text is read when it is looked at, which throws as reading a migration does. */
  readonly source: SourceFile
  /** In the order of versions. Reads the text. */
  readonly covered: readonly Covered[]
}

export interface Surroundings {
  readonly dir: string
  readonly cwd: string
  readonly files: readonly MigrationFile[]
  readonly archived: ReadonlySet<string>
}

/** Of several, the one with the newest version. */
export function findBaseline(names: readonly string[], around: Surroundings): Baseline | undefined {
  const found = names.flatMap((name) => {
    const entry = classifyFileName(name)
    return entry.kind === 'baseline' ? [{ name, version: entry.version }] : []
  })
  const newest = found.sort((a, b) => compareVersions(a.version, b.version)).at(-1)
  if (newest === undefined) return undefined
  const path = join(around.dir, newest.name)
  let text: string | undefined
  const source: SourceFile = {
    path,
    shown: showPath(path, around.cwd),
    get text() {
      text ??= readSourceFile(path, around.cwd).text
      return text
    },
  }
  return {
    version: newest.version,
    source,
    get covered() {
      return listCovered(newest.version, source.text, around)
    },
  }
}

/** `-- slipway:applied NAME CHECKSUM`, for migrations that have no file any more. */
const line = /^--[ \t]*slipway:applied[ \t]+(\S+)(?:[ \t]+(sha256-v1:[0-9a-f]{64}))?[ \t]*$/gm

function listCovered(version: Version, text: string, { files, archived }: Surroundings): Covered[] {
  const covered = new Map<string, Covered>()
  for (const name of archived) covered.set(name, { name, checksum: '' })
  for (const [, name = '', checksum = ''] of text.matchAll(line)) covered.set(name, { name, checksum })
  for (const file of files) covered.set(file.name, { name: file.name, checksum: file.checksum, file })
  return [...covered.values()]
    .flatMap((each) => {
      const candidate = candidateOf(each.name)
      return candidate !== undefined && compareVersions(candidate.version, version) <= 0
        ? [{ each, candidate }]
        : []
    })
    .sort((a, b) => compareMigrations(a.candidate, b.candidate))
    .map(({ each }) => each)
}
