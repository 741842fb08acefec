/** What each migration is, given the folder and history: the table of states. */
import { shortChecksum } from './checksum.ts'
import type { HistoryRow, Language, MigrationFile, MigrationState, Version } from './migration.ts'
import { compareMigrations, compareVersions } from './name.ts'
import { type Candidate, candidateOf } from './target.ts'

export interface MigrationStatus {
  readonly name: string
  readonly state: MigrationState
  readonly file?: MigrationFile
  readonly history?: HistoryRow
}

export interface StateInput {
  readonly files: readonly MigrationFile[]
  /** Names found in old/. */
  readonly archived: ReadonlySet<string>
  /** Up to this version nothing needs a file: a baseline stands for it. */
  readonly baseline?: Version | undefined
  readonly applied: readonly HistoryRow[]
  /** In which language a migration was when it was applied, where that is known. */
  readonly recordedLanguages?: ReadonlyMap<string, Language>
}

/** Files and rows with no file, in the order of versions; names without a version come last, in order of application. */
export function surveyStates(input: StateInput): MigrationStatus[] {
  const rows = new Map(input.applied.map((row) => [row.name, row]))
  const names = new Set(input.files.map(({ name }) => name))
  const known = input.applied.filter(({ name }) => names.has(name) || isArchived(name, input))
  const newest = newestApplied(input.applied)
  const ofFiles = input.files.map((file) => statusOfFile(file, rows.get(file.name), newest, input))
  const ofRows = input.applied
    .filter(({ name }) => !names.has(name))
    .map((row) => ({ name: row.name, state: stateWithoutFile(row, known, input), history: row }))
  return [...ofFiles, ...ofRows].sort(compareStatuses)
}

function statusOfFile(
  file: MigrationFile,
  row: HistoryRow | undefined,
  newest: Candidate | undefined,
  input: StateInput,
): MigrationStatus {
  if (row === undefined) {
    const late = newest !== undefined && compareMigrations(file, newest) < 0
    return { name: file.name, state: late ? 'late' : 'pending', file }
  }
  return { name: file.name, state: stateOfRecorded(file, row, input), file, history: row }
}

function stateOfRecorded(file: MigrationFile, row: HistoryRow, input: StateInput): MigrationState {
  if (row.state === 'started') return 'unfinished'
  if (row.checksum !== file.checksum && !hasOtherLanguage(file, input)) return 'changed'
  return row.state
}

/** A `.ts` that became a `.js` or the reverse: the texts cannot be compared. */
export function hasOtherLanguage(file: MigrationFile, input: StateInput): boolean {
  const recorded = input.recordedLanguages?.get(file.name)
  const scripts: readonly (Language | undefined)[] = ['typescript', 'javascript']
  return scripts.includes(recorded) && scripts.includes(file.language) && recorded !== file.language
}

function stateWithoutFile(row: HistoryRow, known: readonly HistoryRow[], input: StateInput): MigrationState {
  if (isArchived(row.name, input)) return row.state === 'started' ? 'unfinished' : 'archived'
  return isAhead(row, known) ? 'ahead' : 'missing'
}

function isArchived(name: string, { archived, baseline }: StateInput): boolean {
  if (archived.has(name)) return true
  const candidate = baseline === undefined ? undefined : candidateOf(name)
  return (
    candidate !== undefined && baseline !== undefined && compareVersions(candidate.version, baseline) <= 0
  )
}

/**
 * A row this image does not know is *ahead* unless a migration that it does know was applied after it and sorts
 * after it: whoever wrote that one had the unknown one before him, so the file was here once and is *missing*.
 * A known migration that was applied later but sorts earlier (a late one) proves nothing of the kind: after it the
 * image with the unknown row may still be the newer one.
 */
function isAhead(row: HistoryRow, known: readonly HistoryRow[]): boolean {
  const unknown = candidateOf(row.name)
  return !known.some((other) => {
    if (other.id < row.id) return false
    const later = candidateOf(other.name)
    const isLate = later !== undefined && unknown !== undefined && compareMigrations(later, unknown) < 0
    return !isLate
  })
}

/** The last by version of everything that ran here, whether this image knows it or not. */
export function newestApplied(applied: readonly HistoryRow[]): Candidate | undefined {
  return applied
    .map(({ name }) => candidateOf(name))
    .filter((candidate) => candidate !== undefined)
    .sort(compareMigrations)
    .at(-1)
}

function compareStatuses(a: MigrationStatus, b: MigrationStatus): number {
  const [first, second] = [a.file ?? candidateOf(a.name), b.file ?? candidateOf(b.name)]
  if (first !== undefined && second !== undefined) return compareMigrations(first, second)
  if (first === undefined && second === undefined) return (a.history?.id ?? 0) - (b.history?.id ?? 0)
  return first === undefined ? 1 : -1
}

/** `3f2a… then, 9bc1… now`, for messages. */
export function describeChange(file: MigrationFile, row: HistoryRow): string {
  return `${shortChecksum(row.checksum)} when applied, ${shortChecksum(file.checksum)} now`
}
