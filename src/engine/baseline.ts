/** A database without any history begins with the baseline, where the folder has one. */
import type { HistorySnapshot } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { Covered } from '../files/baseline.ts'
import type { Discovery } from '../files/discover.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { loadSqlMigration } from '../files/sql-file.ts'
import { defaultOptions, type HistoryRow, type MigrationFile } from '../plan/migration.ts'
import { compareVersions } from '../plan/name.ts'
import { resolveEnd } from '../plan/plan.ts'
import { candidateOf } from '../plan/target.ts'
import { resolveCommit } from './commit.ts'
import type { StepPlace } from './execute.ts'
import { loadFor } from './load-for.ts'
import type { Up } from './migrator.ts'
import type { UpRequest } from './planning.ts'
import type { Run } from './run.ts'
import { executeTogether } from './together.ts'

interface Foresight {
  readonly found: Discovery
  readonly request: UpRequest
  readonly snapshot: HistorySnapshot
}

/** History as loading the baseline would leave it, for planning what comes after it. Throws bad-argument for a target before it. */
export function asIfLoaded(run: Run, { found, request, snapshot }: Foresight): HistorySnapshot {
  const rows = listCoveredRows(run, found)
  const end = resolveEnd({ files: found.files, applied: rows, request })
  const { baseline } = found
  const isBefore =
    end !== undefined &&
    baseline !== undefined &&
    (end.kind === 'base' || compareVersions(end.version, baseline.version) < 0)
  if (isBefore)
    throw new SlipwayError(
      'bad-argument',
      `${end.kind === 'base' ? 'base' : end.name} is before ${baseline.source.shown}, with which an empty history begins`,
      { hint: 'leave out --to, or take the baseline out of the folder' },
    )
  return { ...snapshot, rows }
}

/** Throws bad-baseline. */
export function listCoveredRows(run: Run, found: Discovery): HistoryRow[] {
  refuseQualified(run, found)
  return listCovered(found).map((covered, index) => rowOf(run, covered, index))
}

/**
 * One transaction: the schema, and a row for every migration that the baseline stands for. Under the run lock; history is
 * empty. Throws bad-baseline, and what loading and running a SQL migration throws.
 */
export async function loadBaseline({ run, session, found, progress }: Up): Promise<void> {
  const migrations = await loadCovered(run, found)
  const places = migrations.map(
    (migration, index): StepPlace => ({
      run,
      session,
      step: { name: migration.file.name, file: migration.file, action: 'apply' },
      migration,
      index: index + 1,
      total: migrations.length,
    }),
  )
  const [first, ...others] = places
  const last = places.at(-1)
  if (first === undefined || last === undefined) return
  run.emit({
    type: 'notice',
    code: 'baseline',
    message: `the history is empty, so it begins with ${found.baseline?.source.shown}, which stands for ${migrations.length} migrations`,
  })
  const markAll = () => {
    progress.applied.push(...places.map(({ step }) => step.name))
  }
  if ((await executeTogether([first, ...others])) === 'done') return markAll()
  await resolveCommit(run, last.step, false, markAll)
}

/** pg_dump writes a schema before every name: one tenant's tables would be recorded as another's. */
function refuseQualified({ url }: Run, { baseline }: Discovery): void {
  const isOfSchema = url.dialect === 'postgres' && url.ofTenant === true
  if (!isOfSchema || baseline === undefined || !emptiesSearchPath.test(baseline.source.text)) return
  const { shown } = baseline.source
  throw new SlipwayError(
    'bad-baseline',
    `${shown} is a dump, which names the schema of every table: it makes none in ${url.schema}`,
    {
      location: { file: shown },
      hint: `take the names of schemas out of ${shown}, and the line that empties search_path`,
    },
  )
}

const emptiesSearchPath = /set_config\('search_path', ''/

/** The first one carries the baseline's statements, the others have nothing left to do. */
export async function loadCovered(run: Run, found: Discovery): Promise<LoadedMigration[]> {
  const { baseline } = found
  if (baseline === undefined) return []
  const { source } = baseline
  const whole = await loadSqlMigration(
    { ...fileOf({ name: 'baseline', checksum: '' }, found), up: source, source: source.text },
    run.dialect,
  )
  const migrations: LoadedMigration[] = []
  for (const covered of listCovered(found)) {
    const file = { ...fileOf(covered, found), up: source }
    const breaking = covered.file !== undefined && (await loadFor(run, covered.file)).options.breaking
    const body = migrations.length === 0 ? whole.body : { kind: 'sql' as const, statements: [] }
    migrations.push({ file, body, options: { ...defaultOptions, breaking }, hasDown: false, notices: [] })
  }
  return migrations
}

/** Throws bad-baseline. */
function listCovered({ baseline }: Discovery): readonly Covered[] {
  if (baseline === undefined) return []
  const { covered, source, version } = baseline
  if (covered.length > 0) return covered
  throw new SlipwayError('bad-baseline', `${source.shown} stands for no migration up to ${version.text}`, {
    location: { file: source.shown },
  })
}

/** What has no file any more is stored without a text. */
function fileOf({ name, checksum, file }: Covered, { baseline }: Discovery): MigrationFile {
  if (file !== undefined) return file
  const parsed = candidateOf(name)
  const version = parsed?.version ?? baseline?.version ?? { kind: 'sequence', text: '', key: '' }
  const up = { path: '', shown: name, text: '' }
  return { name, version, slug: parsed?.slug ?? '', language: 'sql', up, source: '', checksum }
}

function rowOf(run: Run, { name, checksum }: Covered, index: number): HistoryRow {
  return {
    id: index + 1,
    name,
    checksum,
    appliedAt: new Date(0),
    durationMs: 0,
    appliedBy: run.appliedBy,
    runnerVersion: run.runnerVersion,
    runId: run.runId,
    state: 'applied',
    statementsDone: 0,
    breaking: false,
  }
}
