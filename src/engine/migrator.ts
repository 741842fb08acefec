/** The life of an `up` that has something to do, from an open question to a proven answer. */
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import { checkpoint } from '../events.ts'
import type { Discovery } from '../files/discover.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { isUpToDate, listUnapplied, type Plan, type Refusal, refusalError, resolveEnd } from '../plan/plan.ts'
import { needsBaseline } from './discover.ts'
import type { StepPlace } from './execute.ts'
import { aroundRun, openHooks } from './hooks/open-hooks.ts'
import type { RunHooks } from './hooks/run-hooks.ts'
import { loadFor } from './load-for.ts'
import { acquireRunLock, releasingRunLock } from './lock.ts'
import { planAgainst, type UpRequest } from './planning.ts'
import type { Progress } from './progress.ts'
import type { Run } from './run.ts'
import { untilAborted } from './sleep.ts'
import { runSteps } from './steps.ts'

export interface Up {
  readonly run: Run
  readonly request: UpRequest
  readonly progress: Progress
  readonly found: Discovery
  readonly session: Session
  readonly loaded: Map<string, LoadedMigration>
  readonly hooks?: RunHooks | undefined
}

/** From a session to a proven history: applies what is pending, if anything is. */
export async function bringUp(given: Up): Promise<void> {
  const { session } = given
  const recorded = await session.readHistory()
  const isBare = needsBaseline(given.found, recorded)
  const before = isBare ? await foresee(given, recorded) : recorded
  const settled = { ...given, request: settleTarget(given, before) }
  const first = await makePlan(settled, before)
  if (!isBare && first.kind === 'plan' && first.steps.length === 0) return tellUpToDate(settled, first)
  // More may be wrong than can be seen without importing what is pending.
  if (first.kind === 'refusal') await requireSound(settled, before)
  const up = { ...settled, hooks: await openHooks(settled.run, settled.progress) }
  // Several migrations in one transaction need a session all the same: for what stands between two of them.
  const turns = isBare || up.request.together === true ? undefined : await session.turns()
  if (turns !== undefined) {
    await requireSound(up, before)
    const { bringInTurns } = await import('./turns.ts')
    return await aroundRun(up.hooks, async () => {
      const rest = await bringInTurns(up, turns)
      // It has begun: no other tenant is gone on with meanwhile.
      if (rest !== undefined)
        await bringInSession({ ...up, run: { ...up.run, putOff: undefined }, request: rest })
    })
  }
  return await bringInSession(up)
}

/** `+2` is counted once: from what was applied at first, not from what this run or another one applies meanwhile. */
function settleTarget({ found: { files }, request }: Up, { rows }: HistorySnapshot): UpRequest {
  if (request.target?.kind !== 'relative') return request
  const end = resolveEnd({ files, applied: rows, request })
  if (end === undefined) return request
  return { ...request, target: end.kind === 'base' ? end : { kind: 'named', text: end.name } }
}

/** Of many that start at once one does the work: the others need not import and parse it as well. */
async function bringInSession(up: Up): Promise<void> {
  const { run, session } = up
  const isDone = (snapshot: HistorySnapshot) =>
    isUpToDate(up.found.files, snapshot.rows) && !needsBaseline(up.found, snapshot)
  if ((await acquireRunLock(run, session, isDone)) === 'done') {
    tellUpToDate(up, await makePlan(up, await session.readHistory()))
    return
  }
  checkpoint('locked')
  await releasingRunLock(run, session, async () => {
    const recorded = await session.readHistory()
    const isBare = needsBaseline(up.found, recorded)
    const snapshot = isBare ? await foresee(up, recorded) : recorded
    const plan = await makePlan(up, snapshot)
    if (!isBare && plan.kind === 'plan' && plan.steps.length === 0) return tellUpToDate(up, plan)
    // What is refused leaves no tables behind.
    await requireSound(up, snapshot)
    await aroundRun(up.hooks, () => applyUnderLock(up))
  })
}

/** All that is pending can be read and may run, as far as `snapshot` tells. */
async function requireSound(up: Up, snapshot: HistorySnapshot): Promise<void> {
  await loadPending(up, snapshot)
  const second = await makePlan(up, snapshot)
  // A step that looks unfinished may be in another runner's hands right now; under the lock it will be clear.
  if (second.kind === 'refusal' && second.reasons.some((reason) => reason.code !== 'unfinished'))
    requirePlan(up, second)
  if (second.kind === 'plan') await requireFit(up, second)
}

/** History as loading the baseline will leave it. */
export async function foresee(
  { run, found, request }: Up,
  snapshot: HistorySnapshot,
): Promise<HistorySnapshot> {
  const { asIfLoaded } = await import('./baseline.ts')
  return asIfLoaded(run, { found, request, snapshot })
}

export function makePlan(up: Up, snapshot: HistorySnapshot): Promise<Plan | Refusal> {
  const options = new Map([...up.loaded].map(([name, migration]) => [name, migration.options]))
  return planAgainst({ ...up, snapshot, options })
}

/** All that is pending is parsed before any of it runs. */
export async function loadPending(up: Up, snapshot: HistorySnapshot): Promise<void> {
  for (const file of listUnapplied(up.found.files, snapshot.rows)) {
    if (up.loaded.has(file.name)) continue
    const migration = await untilAborted(up.run.signal, () => loadFor(up.run, file))
    for (const notice of migration.notices) up.run.emit({ type: 'notice', migration: file.name, ...notice })
    up.loaded.set(file.name, migration)
  }
}

export function requirePlan(up: Up, result: Plan | Refusal): Plan {
  up.progress.ahead = result.ahead.map((row) => row.name)
  for (const warning of result.warnings) up.run.emit({ type: 'warning', ...warning })
  if (result.kind === 'refusal') throw refusalError(result)
  return result
}

/** Everything that is to be one transaction can be. */
export async function requireFit(up: Up, { steps }: Plan): Promise<void> {
  if (up.request.together !== true) return
  const { refuseApart } = await import('./together.ts')
  const loaded = steps.map((step) => ({ step, migration: requireLoaded(up, step.name) }))
  await refuseApart(up.run, loaded, up.session.facts.serverVersion)
}

export function tellUpToDate(up: Up, result: Plan | Refusal): void {
  const { states } = requirePlan(up, result)
  up.progress.pending = states.filter(({ state }) => state === 'pending').map(({ name }) => name)
  const applied = states.filter(
    ({ state }) => state === 'applied' || state === 'skipped' || state === 'archived',
  ).length
  up.run.emit({ type: 'planned', steps: [], applied, ahead: up.progress.ahead })
}

async function applyUnderLock(up: Up): Promise<void> {
  const { session, progress, hooks } = up
  await session.ensureHistory()
  checkpoint('history-ready')
  if (needsBaseline(up.found, await session.readHistory())) {
    await hooks?.begin()
    await (await import('./baseline.ts')).loadBaseline(up)
  }
  const snapshot = await session.readHistory()
  await loadPending(up, snapshot)
  const plan = requirePlan(up, await makePlan(up, snapshot))
  if (plan.steps.length === 0) return tellUpToDate(up, plan)
  await requireFit(up, plan)
  await refuseStorm(up, plan)
  tellPlan(up, plan, snapshot)
  progress.pending = plan.steps.map((step) => step.name)
  const together = up.request.together === true
  if (runsAny(plan)) await hooks?.begin()
  if (!(await runSteps(placeSteps(up, plan), { together, progress, hooks }))) return
  proveHistory(plan, await session.readHistory())
}

/** What is only recorded as skipped is no reason for a hook. */
export function runsAny({ steps }: Plan): boolean {
  return steps.some(({ action }) => action !== 'skip')
}

function placeSteps(up: Up, { steps }: Plan): readonly StepPlace[] {
  const { run, session, hooks } = up
  const places: readonly StepPlace[] = steps.map((step, index) => ({
    run,
    session,
    step,
    migration: requireLoaded(up, step.name),
    index: index + 1,
    total: steps.length,
    next: () => (hooks?.isBetween === true ? undefined : places[index + 1]),
  }))
  return places
}

export function requireLoaded(up: Up, name: string): LoadedMigration {
  const migration = up.loaded.get(name)
  if (migration === undefined) throw new SlipwayError('bug', `${name} was planned but not loaded`)
  return migration
}

export function tellPlan(up: Up, plan: Plan, snapshot: HistorySnapshot): void {
  up.run.emit({
    type: 'planned',
    steps: plan.steps.map((step) => ({
      name: step.name,
      action: step.action,
      transaction: requireLoaded(up, step.name).options.transaction,
      checksum: step.file.checksum,
    })),
    applied: snapshot.rows.length,
    ahead: up.progress.ahead,
    ...(up.request.together === true ? { together: true } : {}),
  })
}

/** Thirty replicas that wait for one failing migration must not fail it thirty times. */
export async function refuseStorm(up: Up, plan: Plan): Promise<void> {
  const failures = await up.session.failuresSince(up.session.facts.now)
  for (const step of plan.steps) {
    const failure = failures.findLast((one) => one.name === step.name && one.checksum === step.file.checksum)
    if (failure === undefined) continue
    throw new SlipwayError(
      'failed-elsewhere',
      `${step.name} failed at ${failure.at.toISOString()} in run ${failure.runId}, while this run waited: ${failure.error}`,
      { migration: step.name },
    )
  }
}

/** Success is reported only after this. */
export function proveHistory({ steps }: Pick<Plan, 'steps'>, snapshot: HistorySnapshot): void {
  const rows = new Map(snapshot.rows.map((row) => [row.name, row]))
  const wrong = steps.filter((step) => {
    const row = rows.get(step.name)
    const wanted = step.action === 'skip' ? 'skipped' : 'applied'
    return row?.state !== wanted || row.checksum !== step.file.checksum
  })
  if (wrong.length === 0) return
  throw new SlipwayError(
    'history-mismatch',
    `history does not hold as applied: ${wrong.map((step) => step.name).join(', ')}`,
  )
}
