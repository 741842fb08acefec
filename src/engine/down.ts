/** The life of `down`: what would be reverted and lost, then reverting it, newest first. */
import type { HistorySnapshot, Session, SessionFacts } from '../dialects/dialect.ts'
import type { BackupMark } from '../dialects/reverting.ts'
import type { Turns } from '../dialects/turns.ts'
import { SlipwayError } from '../errors.ts'
import { checkpoint } from '../events.ts'
import type { Discovery } from '../files/discover.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { type DownRequest, type Revert, selectReverts } from '../plan/down.ts'
import type { HistoryRow, MigrationFile } from '../plan/migration.ts'
import { discover } from './discover.ts'
import { type DownDecision, decideDown } from './down-decide.ts'
import { type DownLoss, findDownLosses, isUndone, lookAgain } from './down-losses.ts'
import type { StepPlace } from './execute.ts'
import { describeSessionFailure } from './failure.ts'
import { aroundRun, openHooks } from './hooks/open-hooks.ts'
import { acquireRunLock, releasingRunLock } from './lock.ts'
import { openSession } from './open.ts'
import type { Progress } from './progress.ts'
import type { Run } from './run.ts'
import { runSteps } from './steps.ts'
import { reading } from './survey.ts'

export interface DownSurvey extends DownDecision {
  readonly facts: SessionFacts
  readonly found: Discovery
  /** Applied before anything is reverted. */
  readonly applied: number
  readonly losses: readonly DownLoss[]
  readonly mark: BackupMark
}

/** In a session that cannot write, without the lock. Throws every reason against going back. */
export async function surveyDown(run: Run, request: DownRequest): Promise<DownSurvey> {
  const found = await discover(run, 'ignore')
  return reading(run, async (session) => {
    const snapshot = await session.readHistory()
    const decision = await decideDown({ run, session, found, snapshot, request })
    const { facts } = session
    for (const down of decision.downs.values())
      for (const notice of down.notices) run.emit({ type: 'notice', migration: down.file.name, ...notice })
    return {
      ...decision,
      facts,
      found,
      applied: snapshot.rows.length,
      losses: await findDownLosses(run, session, decision),
      mark: {
        database: facts.database,
        historyTable: facts.historyTable,
        newest: snapshot.rows.toSorted((a, b) => b.id - a.id)[0],
        bytes: decision.steps.length === 0 ? 0 : await session.databaseSize(),
      },
    }
  })
}

export interface DownOptions {
  readonly request: DownRequest
  readonly survey: DownSurvey
  /** What is lost may be lost. */
  readonly allowsLoss: boolean
  /** Under the lock, before anything is reverted. Throws backup-failed. */
  readonly backUp: (() => Promise<void>) | undefined
  readonly progress: Progress
}

/** Reverts exactly what the survey showed, or stops: throws transient when history moved in between. */
export async function runDown(run: Run, options: DownOptions): Promise<void> {
  const session = await openSession(run, { intent: 'write', timeoutMs: run.config.waitTimeoutMs })
  try {
    const turns = await session.turns()
    if (turns !== undefined && (await downBehindPooler(run, turns, options))) return
    await acquireRunLock(run, session, () => false)
    checkpoint('locked')
    await releasingRunLock(run, session, () => downUnderLock(run, session, options))
  } catch (error) {
    throw describeSessionFailure(run, error, 'reverting')
  } finally {
    await session.close()
  }
}

async function downBehindPooler(run: Run, turns: Turns, options: DownOptions): Promise<boolean> {
  const { downInTurns } = await import('./down-turns.ts')
  return downInTurns(run, turns, options)
}

async function downUnderLock(run: Run, session: Session, options: DownOptions): Promise<void> {
  await session.ensureHistory()
  checkpoint('history-ready')
  const snapshot = await session.readHistory()
  const decision = await decideAgain(run, session, options, snapshot)
  const { progress } = options
  const hooks = await openHooks(run, progress, 'down')
  await aroundRun(hooks, async () => {
    if (decision.steps.some(runsSomething)) await hooks?.begin()
    await options.backUp?.()
    const places = await placeSteps(run, session, options, decision)
    tellPlan(run, options, places)
    if (!(await runSteps(places, { together: false, progress, hooks }))) return
    proveReverted(decision.steps, await session.readHistory())
  })
}

/** What was recorded as skipped is no reason for a hook. */
export function runsSomething({ origin }: Revert): boolean {
  return origin !== 'nothing'
}

export async function decideAgain(
  run: Run,
  session: Session,
  { request, survey }: DownOptions,
  snapshot: HistorySnapshot,
): Promise<DownDecision> {
  const shown = describeAll(survey.steps.map(({ history }) => history))
  // First of all: what speaks against going on from a new history is not what there was to say.
  if (describeAll(selectReverts(snapshot.rows, request)) !== shown) throw moved()
  return decideDown({ run, session, found: survey.found, snapshot, request })
}

export function moved(): SlipwayError {
  return new SlipwayError(
    'transient',
    'history changed between the look and the lock: what was shown is no longer what there is to revert',
    { hint: 'look again: slipway down --dry-run' },
  )
}

function describeAll(rows: readonly HistoryRow[]): string {
  return rows
    .map(({ id, name, checksum, state, statementsDone }) =>
      [id, name, checksum, state, statementsDone].join(' '),
    )
    .join('\n')
}

export async function placeSteps(
  run: Run,
  session: Session,
  { allowsLoss }: DownOptions,
  { steps, downs }: DownDecision,
): Promise<StepPlace[]> {
  const places: StepPlace[] = []
  for (const [index, step] of steps.entries()) {
    const down = downs.get(step.name)
    const migration = down ?? nothingToRun(step)
    const guard = down === undefined || allowsLoss ? {} : await guardOf(run, session, step, down)
    places.push({
      run,
      session,
      step: { name: step.name, file: migration.file, action: 'revert', history: step.history },
      migration,
      index: index + 1,
      total: steps.length,
      ...guard,
    })
  }
  return places
}

/** Whatever was seen before it runs: only what it does counts. */
async function guardOf(
  run: Run,
  session: Session,
  step: Revert,
  down: LoadedMigration,
): Promise<Pick<StepPlace, 'watch' | 'look'>> {
  if (!isUndone(step, down)) return { look: lookAgain(run, session, step, down) }
  const { watchLosses } = await import('./watch-losses.ts')
  return { watch: await watchLosses(run, down) }
}

/** It was recorded as skipped: only its row goes. */
function nothingToRun({ name, history }: Revert): StepPlace['migration'] {
  const file: MigrationFile = {
    name,
    version: { kind: 'sequence', text: '', key: '' },
    slug: name,
    language: 'sql',
    // No file, and so no hook.
    up: { path: '', shown: name, text: '' },
    source: '',
    checksum: history.checksum,
  }
  return {
    file,
    options: { transaction: true, resumable: false, breaking: false, outOfOrder: false, dependsOn: [] },
    hasDown: true,
    direction: 'down',
    body: { kind: 'sql', statements: [] },
    notices: [],
  }
}

export function tellPlan(run: Run, { survey, progress }: DownOptions, places: readonly StepPlace[]): void {
  progress.pending = places.map(({ step }) => step.name)
  run.emit({
    type: 'planned',
    steps: places.map(({ step, migration }) => ({
      name: step.name,
      action: step.action,
      transaction: migration.options.transaction,
      checksum: step.history?.checksum ?? '',
    })),
    applied: survey.applied,
    ahead: [],
  })
}

/** Success is reported only after this. */
export function proveReverted(steps: readonly Revert[], { rows }: HistorySnapshot): void {
  const left = steps.filter(({ history }) => rows.some(({ id }) => id === history.id))
  if (left.length === 0) return
  const names = left.map(({ name }) => name).join(', ')
  throw new SlipwayError('history-mismatch', `history still holds what was reverted: ${names}`)
}
