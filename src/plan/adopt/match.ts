/** Which row of another tool's table is which file. Pure. */
import { SlipwayError } from '../../errors.ts'
import { compareVersions, parseMigrationName, parseVersion } from '../name.ts'
import { followChain, readRevision } from './chain.ts'
import { isEdited } from './edited.ts'
import {
  compareFiles,
  findFiles,
  findLikeFile,
  isSameNumber,
  isVersioned,
  leadingDigits,
} from './find-files.ts'
import type { ForeignFile, Ledger, LedgerEntry } from './ledger.ts'
import { labelOf } from './tools.ts'

export interface MappedLine {
  /** `applied`: to be in the history. `pending`: still to run. `repeatable` and `idle`: neither. */
  readonly state: 'applied' | 'pending' | 'repeatable' | 'idle'
  readonly entry?: LedgerEntry
  readonly file?: ForeignFile
  /** Flyway: the file that reverts it. */
  readonly undo?: ForeignFile
  /** No row is this file's: the tool keeps only how far it has come. */
  readonly isAssumed?: boolean
  /** The tool has a checksum of another text. */
  readonly isEdited?: boolean
}

export interface Mapping {
  /** What is applied in order of application, then the rest. */
  readonly lines: readonly MappedLine[]
  readonly problems: readonly SlipwayError[]
}

export interface Folder {
  readonly files: readonly ForeignFile[]
  /** Drizzle: name by instant of generation, from its journal. */
  readonly tags: ReadonlyMap<string, string>
  /** For messages. */
  readonly shown: string
}

export function matchLedger(ledger: Ledger, folder: Folder): Mapping {
  if (ledger.tool === 'alembic') return matchChain(ledger, folder)
  const found = findFiles(ledger, folder)
  const matched = ledger.entries.map((entry) => ({ entry, file: found.get(entry) }))
  const taken = new Set(matched.flatMap(({ file }) => file ?? []))
  const covered = findCovered(ledger, folder, new Set([...taken].map(({ name }) => name)))
  for (const file of covered) taken.add(file)
  const rest = folder.files.filter((file) => !taken.has(file))
  const undo = (file: ForeignFile | undefined) => findUndo(ledger, file, rest)
  const lines: MappedLine[] = [
    ...covered.map((file) => ({
      ...lineOf('applied', { entry: { key: `≤ ${ledger.upTo}` }, file, undo: undo(file) }),
      isAssumed: true,
    })),
    ...matched.map(({ entry, file }) =>
      lineOf(entry.isRepeatable === true ? 'repeatable' : 'applied', { entry, file, undo: undo(file) }),
    ),
  ].map((line) => ({ ...line, isEdited: isEdited(ledger.tool, line.entry, line.file) }))
  const undos = new Set(lines.flatMap(({ undo }) => undo ?? []))
  const others = rest.filter((file) => !undos.has(file) && !isHelper(file)).sort(compareFiles)
  const pending = others.map((file) => classifyRest(ledger, file, others))
  const used = new Set(pending.flatMap(({ undo }) => undo ?? []))
  const all = [...lines, ...pending.filter(({ file }) => file === undefined || !used.has(file))]
  return { lines: all, problems: [...findRowsAlone(ledger, lines, folder), ...findLost(ledger, all)] }
}

function lineOf(
  state: MappedLine['state'],
  parts: { entry?: LedgerEntry; file?: ForeignFile | undefined; undo?: ForeignFile | undefined },
): MappedLine {
  const { entry, file, undo } = parts
  return { state, ...(entry && { entry }), ...(file && { file }), ...(undo && { undo }) }
}

/** golang-migrate keeps one number, Flyway's baseline is one: everything up to it counts as applied. */
function findCovered(
  { tool, upTo }: Ledger,
  { files }: Folder,
  taken: ReadonlySet<string>,
): readonly ForeignFile[] {
  if (upTo === undefined) return []
  const end = parseVersion(`V${upTo}`)
  const isCovered = (file: ForeignFile): boolean => {
    if (tool === 'golang-migrate') {
      const digits = leadingDigits(file.name)
      return digits !== undefined && BigInt(digits) <= BigInt(upTo)
    }
    const version = isVersioned(file) ? parseMigrationName(file.name)?.version : undefined
    return version !== undefined && end !== undefined && compareVersions(version, end) <= 0
  }
  const covered = new Map<string, ForeignFile>()
  for (const file of files)
    if (file.kind !== 'nameless' && !taken.has(file.name) && isCovered(file))
      covered.set(file.name, file.place === 'folder' ? file : (covered.get(file.name) ?? file))
  return [...covered.values()].sort(compareFiles)
}

function findUndo(
  { tool }: Pick<Ledger, 'tool'>,
  file: ForeignFile | undefined,
  rest: readonly ForeignFile[],
): ForeignFile | undefined {
  if (tool !== 'flyway' || file === undefined || !isVersioned(file)) return undefined
  const version = parseMigrationName(file.name)?.version
  return rest.find(({ name, place }) => {
    if (!/^U\d/.test(name) || place !== file.place) return false
    const own = parseMigrationName(`V${name.slice(1)}`)?.version
    return own !== undefined && version !== undefined && compareVersions(own, version) === 0
  })
}

/** `helpers.py` and the like, which nobody takes for a migration. */
function isHelper({ kind, name }: ForeignFile): boolean {
  return kind === 'other' && parseMigrationName(name) === undefined
}

function classifyRest(ledger: Ledger, file: ForeignFile, rest: readonly ForeignFile[]): MappedLine {
  const isFlyway = ledger.tool === 'flyway'
  if (file.place === 'old') return { state: 'idle', file }
  if (isFlyway && /^R__/.test(file.name)) return { state: 'repeatable', file }
  if (isFlyway && /^B\d/.test(file.name)) return { state: 'idle', file }
  return lineOf('pending', { file, undo: findUndo(ledger, file, rest) })
}

function findRowsAlone(ledger: Ledger, lines: readonly MappedLine[], folder: Folder): SlipwayError[] {
  const { tool, upTo, entries } = ledger
  const alone = lines.flatMap(({ state, entry, file }) => {
    if (state !== 'applied' || file !== undefined || entry === undefined) return []
    const like = findLikeFile(ledger, entry, folder)
    const other = lines.find((line) => like !== undefined && line.file === like)?.entry
    if (like === undefined || other === undefined) return [rowAlone(labelOf(tool), entry.key, folder)]
    return [rowTwice(labelOf(tool), [other.key, entry.key], like)]
  })
  const isReached = lines.some(({ file }) => isSameNumber(leadingDigits(file?.name ?? ''), upTo))
  if (tool === 'golang-migrate' && upTo !== undefined && entries.length === 0 && !isReached)
    alone.push(rowAlone(labelOf(tool), upTo, folder))
  return alone
}

function rowTwice(
  label: string,
  [one, two]: readonly [string, string],
  { shown }: ForeignFile,
): SlipwayError {
  const what = one === two ? `${one} twice` : `${one} and ${two}`
  return new SlipwayError(
    'foreign-unmapped',
    `${label} applied ${what}, and ${shown} alone is either of them`,
    {
      hint: `if the two rows are one migration, delete one of them from the table of ${label}; if not, put the other file into old/`,
    },
  )
}

function rowAlone(label: string, key: string, { shown }: Folder): SlipwayError {
  return new SlipwayError(
    'foreign-unmapped',
    `${label} applied ${key}, and no file of ${shown} or its old/ is that one`,
    {
      hint: `put its file into ${shown}/old, where nothing is run; without it, nobody knows what ${key} did`,
    },
  )
}

/** What Flyway would still run, or run again, and slipway never would. */
function findLost({ tool }: Ledger, lines: readonly MappedLine[]): SlipwayError[] {
  return lines.flatMap(({ state, entry, file, isEdited }) =>
    state === 'repeatable' && file?.place === 'folder' && (entry === undefined || isEdited === true)
      ? [notApplied(tool, file)]
      : [],
  )
}

/** For what slipway cannot run, and the tool did not. */
export function notApplied(tool: Ledger['tool'], { shown }: ForeignFile): SlipwayError {
  const label = labelOf(tool)
  return new SlipwayError(
    'foreign-files',
    `${shown} is a migration for ${label} alone, and ${label} did not apply it`,
    {
      hint: `apply it with ${label} and adopt then, or write it as a migration of slipway: slipway new NAME`,
    },
  )
}

function matchChain(ledger: Ledger, folder: Folder): Mapping {
  const revisions = folder.files.flatMap((file) =>
    file.bases[0]?.endsWith('.py') ? (readRevision(file) ?? []) : [],
  )
  const chain = followChain(revisions, ledger.heads ?? [])
  const files = new Set(revisions.map(({ file }) => file))
  const isOwn = ({ kind, place }: ForeignFile) => place === 'folder' && (kind === 'sql' || kind === 'script')
  return {
    lines: [
      ...chain.applied.map(({ id, file }): MappedLine => ({ state: 'applied', entry: { key: id }, file })),
      ...chain.missing.map((id): MappedLine => ({ state: 'applied', entry: { key: id } })),
      ...chain.pending.map(({ file }): MappedLine => ({ state: 'pending', file })),
      ...folder.files
        .filter((file) => !files.has(file) && isOwn(file))
        .sort(compareFiles)
        .map((file): MappedLine => ({ state: 'pending', file })),
    ],
    problems: [
      ...chain.missing.map((id) => rowAlone('Alembic', id, folder)),
      ...chain.pending.map(({ file }) => notApplied('alembic', file)),
    ],
  }
}
