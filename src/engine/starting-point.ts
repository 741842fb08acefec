/** What a database has, asked or assumed, and what it takes to bring a scratch database there. */
import type { Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { Discovery } from '../files/discover.ts'
import { loadMigration } from '../files/load.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import type { DeclaredOptions, HistoryRow, MigrationFile } from '../plan/migration.ts'
import { compareMigrations, compareVersions } from '../plan/name.ts'
import { listUnapplied, type Plan, planUp, type Refusal, resolveEnd } from '../plan/plan.ts'
import type { ResolvedTarget, Target } from '../plan/target.ts'
import { asIfLoaded, listCoveredRows, loadCovered } from './baseline.ts'
import { needsBaseline } from './discover.ts'
import { planAgainst, type UpRequest } from './planning.ts'
import type { Run } from './run.ts'
import { reading } from './survey.ts'

export interface StartingPoint {
  readonly found: Discovery
  /** In the order of application. */
  readonly rows: readonly HistoryRow[]
  /** What `up` would do from there. */
  readonly result: Plan | Refusal
  /** All that was loaded, by name: what is pending, and what was applied as far as it is wanted. */
  readonly loaded: ReadonlyMap<string, LoadedMigration>
  /** The rows are those that a baseline will bring: what brings them. Empty where history has rows of its own. */
  readonly baseline: readonly LoadedMigration[]
  readonly history: { readonly exists: boolean; readonly schema: string | undefined }
}

export interface StartOptions {
  readonly found: Discovery
  readonly request: UpRequest
  /** Whether there is anything to do, for which the migrations that were applied are needed too. */
  readonly isReplayed: (result: Plan | Refusal) => boolean
}

/** In a session that cannot write. */
export async function askTarget(
  run: Run,
  { found, request, isReplayed }: StartOptions,
): Promise<StartingPoint> {
  return await reading(run, async (session) => {
    const recorded = await session.readHistory()
    const isBare = needsBaseline(found, recorded)
    const snapshot = isBare ? asIfLoaded(run, { found, request, snapshot: recorded }) : recorded
    const { rows, exists } = snapshot
    const loaded = await loadFiles(run, listUnapplied(found.files, rows))
    const result = await planAgainst({ run, session, found, snapshot, request, options: optionsOf(loaded) })
    if (isReplayed(result)) await loadApplied(run, { session, found, rows, loaded })
    const baseline = isBare ? await loadCovered(run, found) : []
    const history = { exists, schema: session.facts.historySchema }
    return { found, rows, result, loaded, baseline, history }
  })
}

/** As if everything up to `from` were applied, in the order of versions, and nothing else. No database is asked. */
export async function assumeStart(run: Run, from: Target, options: StartOptions): Promise<StartingPoint> {
  if (from.kind === 'base' && options.found.baseline !== undefined) return await assumeBare(run, options)
  const { found, request, isReplayed } = options
  const { files } = found
  const end = resolveEnd({ files, applied: [], request: { target: from } })
  refuseBackwards(end, { files, request })
  const isBefore = (file: MigrationFile) => end?.kind === 'migration' && compareMigrations(file, end) <= 0
  const covered = isPastBaseline(end, found) ? listCoveredRows(run, found) : []
  const names = new Set(covered.map(({ name }) => name))
  const before = files.filter((file) => isBefore(file) && !names.has(file.name))
  const loaded = await loadFiles(
    run,
    files.filter((file) => !isBefore(file)),
  )
  const decide = (rows: readonly HistoryRow[]) => planFrom(run, { found, request, loaded, rows })
  const rowsOf = () => [
    ...covered,
    ...before.map((file, index) => {
      const migration = loaded.get(file.name)
      const isSkipped = migration !== undefined && isElsewhere(run, migration)
      return rowOf(run, { file, index: covered.length + index, isSkipped })
    }),
  ]
  if (isReplayed(decide(rowsOf()))) {
    for (const [name, migration] of await loadFiles(run, before)) loaded.set(name, migration)
    if (covered.length > 0)
      for (const migration of await loadCovered(run, found)) loaded.set(migration.file.name, migration)
  }
  const rows = rowsOf()
  return {
    found,
    rows,
    result: decide(rows),
    loaded,
    baseline: [],
    history: { exists: rows.length > 0, schema: run.config.schema ?? schemaOf(run) },
  }
}

function isPastBaseline(end: ResolvedTarget | undefined, { baseline }: Discovery): boolean {
  if (baseline === undefined || end?.kind !== 'migration') return false
  return compareVersions(end.version, baseline.version) >= 0
}

/** An empty database, which `up` would begin with the baseline. */
async function assumeBare(run: Run, { found, request }: StartOptions): Promise<StartingPoint> {
  const { rows } = asIfLoaded(run, { found, request, snapshot: { exists: false, rows: [] } })
  const loaded = await loadFiles(run, listUnapplied(found.files, rows))
  const baseline = await loadCovered(run, found)
  for (const migration of baseline) loaded.set(migration.file.name, migration)
  const history = { exists: false, schema: run.config.schema ?? schemaOf(run) }
  return { found, rows, result: planFrom(run, { found, request, loaded, rows }), loaded, baseline, history }
}

interface Assumption extends Pick<StartingPoint, 'found' | 'rows' | 'loaded'> {
  readonly request: UpRequest
}

function planFrom(run: Run, { found, request, loaded, rows }: Assumption): Plan | Refusal {
  const { outOfOrder, onAhead } = run.config
  const limits = { outOfOrder, onAhead, now: new Date(), dialect: run.dialect.name }
  return planUp({
    files: found.files,
    archived: found.archived,
    baseline: found.baseline?.version,
    options: optionsOf(loaded),
    applied: rows,
    request: { ...request, ...limits },
  })
}

function refuseBackwards(
  from: ResolvedTarget | undefined,
  { files, request }: { readonly files: readonly MigrationFile[]; readonly request: UpRequest },
): void {
  const to = resolveEnd({ files, applied: [], request })
  if (from?.kind !== 'migration' || to === undefined) return
  if (to.kind === 'migration' && compareMigrations(to, from) >= 0) return
  const [start, end] = [from.version.text, to.kind === 'base' ? 'base' : to.version.text]
  throw new SlipwayError('bad-argument', `${to.kind === 'base' ? 'base' : to.name} is before ${from.name}`, {
    hint: `for the way back: slipway sql --from ${start} --to ${end} --down`,
  })
}

/** Whether it is for another database alone. */
export function isElsewhere({ dialect }: Run, { options }: LoadedMigration): boolean {
  return options.dialects !== undefined && !options.dialects.includes(dialect.name)
}

function schemaOf({ url }: Run): string | undefined {
  return url.dialect === 'postgres' ? (url.schema ?? 'public') : undefined
}

async function loadFiles(run: Run, files: readonly MigrationFile[]): Promise<Map<string, LoadedMigration>> {
  const loaded = new Map<string, LoadedMigration>()
  for (const file of files) loaded.set(file.name, await loadMigration(file, run.dialect))
  return loaded
}

function optionsOf(loaded: ReadonlyMap<string, LoadedMigration>): Map<string, DeclaredOptions> {
  return new Map([...loaded].map(([name, { options }]) => [name, options]))
}

interface Applied {
  readonly session: Session
  readonly found: Discovery
  readonly rows: readonly HistoryRow[]
  readonly loaded: Map<string, LoadedMigration>
}

/** What has no file any more is in history. */
async function loadApplied(run: Run, { session, found, rows, loaded }: Applied): Promise<void> {
  const files = new Map(found.files.map((file) => [file.name, file]))
  // The text of what a baseline stands for may be gone from history too.
  if (found.baseline !== undefined && rows.some(({ name }) => !files.has(name)))
    for (const migration of await loadCovered(run, found)) loaded.set(migration.file.name, migration)
  for (const { name, checksum } of rows) {
    if (loaded.has(name)) continue
    const file = files.get(name)
    if (file !== undefined) {
      loaded.set(name, await loadMigration(file, run.dialect))
      continue
    }
    const source = await session.readSource(name)
    if (source === '') continue
    if (source === undefined)
      throw new SlipwayError('history-broken', `history no longer holds ${name}, which it held a moment ago`)
    const { loadStored } = await import('../files/stored.ts')
    loaded.set(name, await loadStored({ name, checksum, source }, run.dialect))
  }
}

interface Assumed {
  readonly file: MigrationFile
  readonly index: number
  readonly isSkipped: boolean
}

function rowOf(run: Run, { file, index, isSkipped }: Assumed): HistoryRow {
  return {
    id: index + 1,
    name: file.name,
    checksum: file.checksum,
    appliedAt: new Date(0),
    durationMs: 0,
    appliedBy: run.appliedBy,
    runnerVersion: run.runnerVersion,
    runId: '',
    state: isSkipped ? 'skipped' : 'applied',
    statementsDone: 0,
    breaking: false,
  }
}
