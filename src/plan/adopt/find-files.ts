/** The file of each row of another tool's table. Pure. */
import { compareMigrations, compareVersions, parseMigrationName, parseVersion } from '../name.ts'
import type { ForeignFile, Ledger, LedgerEntry } from './ledger.ts'

export interface Searched {
  readonly files: readonly ForeignFile[]
  /** Drizzle: name by instant of generation, from its journal. */
  readonly tags: ReadonlyMap<string, string>
}

type Test = (file: ForeignFile) => boolean

/**
 * No file is two rows', nor are two of one name. What is meant exactly goes before what may be meant, and what is in the folder before what is in
 * old/.
 */
export function findFiles(
  { tool, entries }: Pick<Ledger, 'tool' | 'entries'>,
  { files, tags }: Searched,
): ReadonlyMap<LedgerEntry, ForeignFile> {
  const left = new Set([
    ...files.filter(({ place }) => place === 'folder').sort(compareFiles),
    ...files.filter(({ place }) => place === 'old').sort(compareFiles),
  ])
  const found = new Map<LedgerEntry, ForeignFile>()
  const tests = new Map(entries.map((entry) => [entry, testsFor(tool, entry, tags)]))
  for (const rank of [0, 1])
    for (const entry of entries) {
      const test = found.has(entry) ? undefined : tests.get(entry)?.[rank]
      const file = test === undefined ? undefined : [...left].find(test)
      if (file === undefined) continue
      found.set(entry, file)
      for (const each of left) if (each.name === file.name) left.delete(each)
    }
  return found
}

/** The file that would be a row's if it were not another one's. */
export function findLikeFile(
  { tool }: Pick<Ledger, 'tool'>,
  entry: LedgerEntry,
  { files, tags }: Searched,
): ForeignFile | undefined {
  const tests = testsFor(tool, entry, tags)
  return files.find((file) => tests.some((test) => test(file)))
}

/** The surest first. */
function testsFor(
  tool: Ledger['tool'],
  entry: LedgerEntry,
  tags: ReadonlyMap<string, string>,
): readonly Test[] {
  const hasName: Test = ({ name }) => name === entry.name
  const hasNameAlike: Test = ({ name }) => name.toLowerCase() === entry.name?.toLowerCase()
  const hasNumber: Test = ({ name }) => isSameNumber(leadingDigits(name), entry.version)
  switch (tool) {
    case 'dbmate':
      return [({ name }) => leadingDigits(name) === entry.version, hasNumber]
    case 'golang-migrate':
    case 'goose':
      return [hasNumber]
    case 'flyway':
      return [hasName, hasFlywayVersion(entry)]
    case 'drizzle': {
      const name = entry.name ?? tags.get(entry.generatedAt ?? '')
      const hasText: Test = ({ sha256, kind }) => kind === 'sql' && sha256 === entry.fingerprint
      return [(file) => file.name === name, hasText]
    }
    case 'prisma':
    case 'node-pg-migrate':
    case 'knex':
    case 'kysely':
    case 'alembic':
      return [hasName, hasNameAlike]
  }
}

function hasFlywayVersion(entry: LedgerEntry): Test {
  const version = entry.version === undefined ? undefined : parseVersion(`V${entry.version}`)
  return (file) => {
    const found = isVersioned(file) ? parseMigrationName(file.name)?.version : undefined
    return version !== undefined && found !== undefined && compareVersions(found, version) === 0
  }
}

export function isVersioned({ name, kind }: ForeignFile): boolean {
  return kind !== 'nameless' && /^[vV]?\d/.test(name)
}

export function compareFiles(a: ForeignFile, b: ForeignFile): number {
  const [first, second] = [parseMigrationName(a.name), parseMigrationName(b.name)]
  if (first !== undefined && second !== undefined) return compareMigrations(first, second)
  if (first === undefined && second === undefined) return a.name < b.name ? -1 : 1
  return first === undefined ? 1 : -1
}

export function leadingDigits(name: string): string | undefined {
  return /^\d+/.exec(name)?.[0]
}

export function isSameNumber(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && /^\d+$/.test(b) && BigInt(a) === BigInt(b)
}
