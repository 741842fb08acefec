/** Which row of another tool's table is which file. Pure. */
import { SlipwayError } from '../../errors.ts'
import { compareMigrations, compareVersions, parseMigrationName, parseVersion } from '../name.ts'
import { isEdited } from './edited.ts'
import { followChain, readRevision } from './chain.ts'
import type { ForeignFile, Ledger, LedgerEntry } from './ledger.ts'
import { labelOf } from './tools.ts'

export interface MappedLine {
  /** `applied`: to be in the history. `pending`: still to run. `repeatable` and `idle`: neither. */
  readonly state: 'applied' | 'pending' | 'repeatable' | 'idle'
  readonly entry?: LedgerEntry
  readonly file?: ForeignFile
  /** Flyway: the file that reverts it. */
  readonly undo?: ForeignFile
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
  const matched = ledger.entries.map((entry) => ({ entry, file: findFile(ledger, entry, folder) }))
  const taken = new Set(matched.flatMap(({ file }) => file ?? []))
  const covered = findCovered(ledger, folder).filter((file) => !taken.has(file))
  for (const file of covered) taken.add(file)
  const rest = folder.files.filter((file) => !taken.has(file))
  const undo = (file: ForeignFile | undefined) => findUndo(ledger, file, rest)
  const lines: MappedLine[] = [
    ...covered.map((file) =>
      lineOf('applied', { entry: { key: `≤ ${ledger.upTo}` }, file, undo: undo(file) }),
    ),
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

/** What is in the folder wins over what is in old/. */
function findFile({ tool }: Ledger, entry: LedgerEntry, { files, tags }: Folder): ForeignFile | undefined {
  const ordered = [
    ...files.filter(({ place }) => place === 'folder'),
    ...files.filter(({ place }) => place === 'old'),
  ]
  const find = (...tests: ((file: ForeignFile) => boolean)[]) => {
    for (const test of tests) {
      const found = ordered.find(test)
      if (found !== undefined) return found
    }
    return undefined
  }
  const hasName = ({ name }: ForeignFile) => name === entry.name
  const hasNameAlike = ({ name }: ForeignFile) => name.toLowerCase() === entry.name?.toLowerCase()
  switch (tool) {
    case 'dbmate':
      return find(
        ({ name }) => leadingDigits(name) === entry.version,
        ({ name }) => isSameNumber(leadingDigits(name), entry.version),
      )
    case 'golang-migrate':
    case 'goose':
      return find(({ name }) => isSameNumber(leadingDigits(name), entry.version))
    case 'flyway': {
      const version = entry.version === undefined ? undefined : parseVersion(`V${entry.version}`)
      return find(hasName, (file) => {
        const found = isVersioned(file) ? parseMigrationName(file.name)?.version : undefined
        return version !== undefined && found !== undefined && compareVersions(found, version) === 0
      })
    }
    case 'drizzle': {
      const tag = tags.get(entry.generatedAt ?? '')
      return find(
        ({ name }) => name === (entry.name ?? tag),
        ({ sha256, kind }) => kind === 'sql' && sha256 === entry.fingerprint,
      )
    }
    case 'prisma':
    case 'node-pg-migrate':
    case 'knex':
    case 'kysely':
    case 'alembic':
      return find(hasName, hasNameAlike)
  }
}

/** golang-migrate keeps one number, Flyway's baseline is one: everything up to it counts as applied. */
function findCovered({ tool, upTo }: Ledger, { files }: Folder): ForeignFile[] {
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
  return files.filter((file) => file.kind !== 'nameless' && isCovered(file)).sort(compareFiles)
}

function isVersioned({ name, kind }: ForeignFile): boolean {
  return kind !== 'nameless' && /^[vV]?\d/.test(name)
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

function findRowsAlone(
  { tool, upTo, entries }: Ledger,
  lines: readonly MappedLine[],
  folder: Folder,
): SlipwayError[] {
  const alone = lines.flatMap(({ state, entry, file }) =>
    state === 'applied' && file === undefined && entry !== undefined ? [entry.key] : [],
  )
  const isReached = lines.some(({ file }) => isSameNumber(leadingDigits(file?.name ?? ''), upTo))
  if (tool === 'golang-migrate' && upTo !== undefined && entries.length === 0 && !isReached) alone.push(upTo)
  return alone.map((key) => rowAlone(labelOf(tool), key, folder))
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

function compareFiles(a: ForeignFile, b: ForeignFile): number {
  const [first, second] = [parseMigrationName(a.name), parseMigrationName(b.name)]
  if (first !== undefined && second !== undefined) return compareMigrations(first, second)
  if (first === undefined && second === undefined) return a.name < b.name ? -1 : 1
  return first === undefined ? 1 : -1
}

function leadingDigits(name: string): string | undefined {
  return /^\d+/.exec(name)?.[0]
}

function isSameNumber(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && /^\d+$/.test(b) && BigInt(a) === BigInt(b)
}
