/** The folder as it will be once another tool's files are slipway's, and what history will say of each of them. */
import { basename, join } from 'node:path'
import type { Amendment } from '../dialects/amendment.ts'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import type { Discovery } from '../files/discover.ts'
import { type FolderChange, refuseOverwriting } from '../files/foreign-changes.ts'
import type { ForeignFolder } from '../files/foreign-folder.ts'
import { loadMigration } from '../files/load.ts'
import { readDraft } from '../files/read-draft.ts'
import type { ForeignFile } from '../plan/adopt/ledger.ts'
import type { MappedLine } from '../plan/adopt/match.ts'
import type { ForeignTool } from '../plan/adopt/names.ts'
import { labelOf } from '../plan/adopt/tools.ts'
import { isOurs, notConverted, type Treatment, treatLine } from '../plan/adopt/treat.ts'
import { checksumOf } from '../plan/checksum.ts'
import { type DeclaredOptions, defaultOptions, type MigrationFile } from '../plan/migration.ts'
import type { Run } from './run.ts'

export interface AdoptedLine extends Treatment {
  /** As it will stand in the folder; absent for what is in old/, or will be. */
  readonly migration?: MigrationFile
  /** What history is told, of what is applied. */
  readonly record?: {
    readonly name: string
    readonly checksum: string
    readonly source: string
    readonly breaking: boolean
  }
}

export interface FilePlan {
  readonly lines: readonly AdoptedLine[]
  readonly changes: readonly FolderChange[]
  readonly found: Discovery
  /** Of what is still to run. */
  readonly options: ReadonlyMap<string, DeclaredOptions>
  readonly problems: readonly SlipwayError[]
}

export interface FileRequest {
  readonly tool: ForeignTool
  readonly mapped: readonly MappedLine[]
  readonly folder: ForeignFolder
  readonly convert: boolean
}

export async function planFiles(run: Run, request: FileRequest): Promise<FilePlan> {
  const { tool, mapped, folder, convert } = request
  const problems: SlipwayError[] = [...folder.problems]
  const lines: AdoptedLine[] = []
  const options = new Map<string, DeclaredOptions>()
  for (const line of mapped) {
    const treated = treatLine(line, tool)
    if ('problem' in treated) {
      problems.push(treated.problem)
      lines.push({ line, change: 'none' })
      continue
    }
    try {
      const { adopted, declared } = await settle(run, treated, request)
      lines.push(adopted)
      if (line.state === 'pending' && adopted.migration !== undefined && declared !== undefined)
        options.set(adopted.migration.name, declared)
    } catch (error) {
      if (!isSlipwayError(error)) throw error
      problems.push(error)
      lines.push({ line, change: 'none' })
    }
  }
  const changes = lines.flatMap((line) => changesFor(line, tool, folder))
  if (!convert) problems.push(...lines.flatMap((line) => needsConversion(line, tool)))
  return {
    lines,
    changes,
    options,
    found: discoveryOf(lines, folder),
    problems: [...problems, ...refuseNamesakes(lines), ...refuseOverwriting(changes, run.cwd)],
  }
}

/** History has one row for each name. */
function refuseNamesakes(lines: readonly AdoptedLine[]): SlipwayError[] {
  const seen = new Map<string, string>()
  return lines.flatMap(({ line: { file }, record }) => {
    if (record === undefined || file === undefined) return []
    const other = seen.get(record.name)
    seen.set(record.name, file.shown)
    if (other === undefined) return []
    return [new SlipwayError('duplicate', `${other} and ${file.shown} are both ${record.name}`)]
  })
}

interface Settled {
  readonly adopted: AdoptedLine
  readonly declared?: DeclaredOptions
}

/** What is applied and does not load here goes to old/: it need not run again. What is pending must load. */
async function settle(run: Run, treatment: Treatment, request: FileRequest): Promise<Settled> {
  const { folder } = request
  const { line, change } = treatment
  const { file, state } = line
  if (file === undefined) return { adopted: treatment }
  if (file.place === 'folder' && change !== 'move') {
    const migration = migrationOf(run, treatment, folder)
    if (migration === undefined) return { adopted: treatment }
    try {
      const { options } = await loadMigration(migration, run.dialect)
      const record = { ...contentOf(migration), breaking: options.breaking }
      const adopted = state === 'applied' ? { ...treatment, migration, record } : { ...treatment, migration }
      return { adopted, declared: options }
    } catch (error) {
      if (!isSlipwayError(error) || state !== 'applied') throw error
      // What runs as it is must not be lost to new databases for what it is made of, such as its way down.
      if (change === 'convert' && (await loadsAsItIs(run, line, folder)))
        throw notConverted(file, error.message)
      return {
        adopted: archived(run, { line, change: 'move', why: `it does not load: ${error.message}` }, request),
      }
    }
  }
  return { adopted: archived(run, treatment, request) }
}

async function loadsAsItIs(run: Run, line: MappedLine, folder: ForeignFolder): Promise<boolean> {
  const migration = migrationOf(run, { line, change: 'none' }, folder)
  if (migration === undefined) return false
  try {
    await loadMigration(migration, run.dialect)
    return true
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    return false
  }
}

function archived(
  run: Run,
  treatment: Treatment,
  { folder, tool }: Pick<FileRequest, 'folder' | 'tool'>,
): AdoptedLine {
  const { file, state } = treatment.line
  if (file === undefined || state !== 'applied') return treatment
  const { breaking } = defaultOptions
  if (!isOurs(file, tool))
    return {
      ...treatment,
      record: { name: file.name, source: '', checksum: checksumOf(file.text), breaking },
    }
  const draft = folder.drafts.get(file)
  const content =
    draft === undefined
      ? { name: file.name, source: file.text, checksum: checksumOf(file.text) }
      : contentOf(readDraft(draft, run.cwd))
  return { ...treatment, record: { ...content, breaking } }
}

function contentOf({ name, source, checksum }: MigrationFile) {
  return { name, source, checksum }
}

function migrationOf(run: Run, { line, text }: Treatment, folder: ForeignFolder): MigrationFile | undefined {
  const draft = line.file === undefined ? undefined : folder.drafts.get(line.file)
  if (draft === undefined) return undefined
  const file = readDraft(draft, run.cwd)
  if (text === undefined) return file
  return { ...file, up: { ...file.up, text }, source: text, checksum: checksumOf(text) }
}

/**
 * In an order in which a run that is stopped anywhere can be repeated: half of a pair that is left behind must be one
 * that can stand alone.
 */
function changesFor(
  { line, change, text }: AdoptedLine,
  tool: ForeignTool,
  folder: ForeignFolder,
): FolderChange[] {
  const { file, undo } = line
  if (file === undefined || change === 'none') return []
  // The end of its name keeps the original from being taken for the migration itself.
  const old = (path: string, end = '') => join(folder.dir, 'old', basename(path) + end)
  const pathsOf = (each: ForeignFile | undefined) =>
    each === undefined ? [] : (folder.paths.get(each) ?? [])
  const undone = pathsOf(undo).map(
    (from): FolderChange => ({ kind: 'move', from, to: old(from, `.${tool}`) }),
  )
  if (change === 'move') {
    const moved = pathsOf(file).map((from): FolderChange => ({ kind: 'move', from, to: old(from) }))
    return [...undone, ...moved.reverse()]
  }
  if (text === undefined || text === file.text) return undone
  const written = pathsOf(file).map(
    (path): FolderChange => ({ kind: 'write', path, text, keep: old(path, `.${tool}`) }),
  )
  return [...written, ...undone]
}

function needsConversion({ line, change, why }: AdoptedLine, tool: ForeignTool): SlipwayError[] {
  if (line.file === undefined || change === 'none') return []
  const is = change === 'convert' ? `is in the form of ${labelOf(tool)}` : `belongs in old/: ${why}`
  return [new SlipwayError('foreign-files', `${line.file.shown} ${is}`, { migration: line.file.name })]
}

function discoveryOf(lines: readonly AdoptedLine[], folder: ForeignFolder): Discovery {
  const moved = lines.flatMap(({ line, change }) =>
    change === 'move' && line.file !== undefined ? [line.file.name] : [],
  )
  const old = folder.files.filter(({ place }) => place === 'old').map(({ name }) => name)
  return {
    files: lines.flatMap(({ migration }) => migration ?? []),
    archived: new Set([...old, ...moved]),
    warnings: [],
    mismatches: [],
  }
}

/** The rows to write, in the order in which they are to stand. */
export function amendmentsOf(
  run: Run,
  lines: readonly AdoptedLine[],
  { shown, recorded }: { readonly shown: string; readonly recorded: ReadonlySet<string> },
): Amendment[] {
  const { appliedBy, runnerVersion, runId } = run
  return lines.flatMap(({ line, record }): Amendment[] => {
    if (record === undefined || recorded.has(record.name)) return []
    return [
      {
        kind: 'stamp',
        record: { ...record, appliedBy, runnerVersion, runId },
        state: 'applied',
        detail: `adopted from ${shown}: ${line.entry?.key ?? record.name}`,
        appliedAt: line.entry?.appliedAt,
      },
    ]
  })
}
