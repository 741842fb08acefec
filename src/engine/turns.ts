/**
 * `up` where the run lock is held by one transaction at a time: runners take turns. Each turn is one migration; between
 * two, another runner may have the next one, so every turn begins with a plan of its own.
 */
import { type HistorySnapshot, TurnLost } from '../dialects/dialect.ts'
import type { Turns } from '../dialects/turns.ts'
import { checkpoint, type RunEvent } from '../events.ts'
import { isUpToDate, type Plan, type Step } from '../plan/plan.ts'
import { resolveCommit } from './commit.ts'
import { executeStep } from './execute.ts'
import { type HolderWatch, watchHolder } from './lock.ts'
import {
  loadPending,
  makePlan,
  proveHistory,
  refuseStorm,
  requireLoaded,
  requirePlan,
  tellPlan,
  tellUpToDate,
  type Up,
} from './migrator.ts'
import type { UpRequest } from './planning.ts'
import { markDone } from './progress.ts'
import type { Run } from './run.ts'
import { backoff, sleep } from './sleep.ts'

/**
 * Undefined when all is done. Else what is left of the request, untouched: it cannot be done in turns, and this pooler
 * gives a session for it.
 */
export async function bringInTurns(up: Up, turns: Turns): Promise<UpRequest | undefined> {
  const round = startRound(up, turns)
  try {
    await awaitHistory(round)
    for (;;) {
      const end = await takeTurn(round)
      if (end === 'done') return undefined
      if (end === 'needs-session') return requestLeft(round)
    }
  } finally {
    checkpoint('before-unlock')
    await turns.session.releaseRunLock()
  }
}

/**
 * A turn on what `look` made of history: it is looked at again and again until nobody else has the lock and history is
 * still the same. `work` writes within the turn.
 */
export async function withTurn<Seen, T>(
  run: Run,
  turns: Turns,
  look: (snapshot: HistorySnapshot) => Promise<Seen>,
  work: (seen: Seen) => Promise<T>,
): Promise<T> {
  const watch = watchHolder(run, turns.session, performance.now())
  const awaiting = () => awaitFree({ run, turns, watch }, () => false)
  try {
    while (!(await turns.ensureHistory())) await awaiting()
    for (;;) {
      const seen = await look(await turns.look())
      const taken = await turns.take()
      if (taken === 'taken') return await work(seen)
      if (taken === 'busy') await awaiting()
    }
  } finally {
    await turns.session.releaseRunLock()
  }
}

interface Round {
  readonly up: Up
  readonly turns: Turns
  readonly watch: HolderWatch
  readonly began: number
  /** Applied or skipped by this run. */
  readonly own: Step[]
  isPlanTold: boolean
}

function startRound(up: Up, turns: Turns): Round {
  const began = performance.now()
  const run: Run = { ...up.run, emit: onceEachWarning(up.run.emit) }
  return {
    up: { ...up, run, session: turns.session },
    turns,
    watch: watchHolder(run, turns.session, began),
    began,
    own: [],
    isPlanTold: false,
  }
}

/** The same files and history give the same warnings, plan after plan. */
function onceEachWarning(emit: Run['emit']): Run['emit'] {
  const told = new Set<string>()
  return (event: RunEvent) => {
    if (event.type === 'warning') {
      const key = `${event.code} ${event.message}`
      if (told.has(key)) return
      told.add(key)
    }
    emit(event)
  }
}

async function awaitHistory(round: Round): Promise<void> {
  while (!(await round.turns.ensureHistory())) await awaitTurn(round)
  checkpoint('history-ready')
}

function awaitTurn({ up, turns, watch }: Round): Promise<void> {
  return awaitFree({ run: up.run, turns, watch }, ({ rows }) => isUpToDate(up.found.files, rows))
}

interface Wait {
  readonly run: Run
  readonly turns: Turns
  readonly watch: HolderWatch
}

/** Until nobody has the run lock, or history is as `isDone` wants it. */
async function awaitFree(
  { run, turns, watch }: Wait,
  isDone: (snapshot: HistorySnapshot) => boolean,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const snapshot = await watch.look()
    if (snapshot !== undefined && isDone(snapshot)) return
    await sleep(backoff(attempt, 50, 1000), run.signal)
    if (await turns.isFree()) return
  }
}

/** Undefined: there may be more to do. */
async function takeTurn(round: Round): Promise<'done' | 'needs-session' | undefined> {
  const { up, turns } = round
  up.run.signal.throwIfAborted()
  const snapshot = await turns.look()
  await loadPending(up, snapshot)
  const result = await makePlan({ ...up, request: requestLeft(round) }, snapshot)
  if (result.kind === 'plan' && result.steps.length === 0) return conclude(round, result, snapshot)
  if (result.kind === 'plan') await refuseStorm(up, result)
  const taken = await turns.take()
  if (taken === 'busy') await awaitTurn(round)
  if (taken !== 'taken') return undefined
  checkpoint('locked')
  // Only now: a step that looks unfinished may have been in another runner's hands.
  const plan = requirePlan(up, result)
  const outside = plan.steps.filter((step) => needsSession(up, step)).map(({ name }) => name)
  if (outside.length > 0) {
    await turns.session.releaseRunLock()
    await turns.requireSession(outside)
    return 'needs-session'
  }
  tellOnce(round, plan, snapshot)
  return await runFirst(round, plan)
}

/** `steps` counts what this run does, whatever others do meanwhile. */
function requestLeft({ up: { request }, own }: Round): UpRequest {
  return request.steps === undefined ? request : { ...request, steps: request.steps - own.length }
}

function needsSession(up: Up, step: Step): boolean {
  if (step.action === 'skip') return false
  return step.action === 'resume' || !requireLoaded(up, step.name).options.transaction
}

function conclude({ up, own }: Round, plan: Plan, snapshot: HistorySnapshot): 'done' {
  if (own.length === 0) tellUpToDate(up, plan)
  else proveHistory({ steps: own }, snapshot)
  return 'done'
}

function tellOnce(round: Round, plan: Plan, snapshot: HistorySnapshot): void {
  const { up, began } = round
  up.progress.pending = plan.steps.map(({ name }) => name)
  if (round.isPlanTold) return
  round.isPlanTold = true
  up.run.emit({ type: 'lock-acquired', waitedMs: performance.now() - began })
  tellPlan(up, plan, snapshot)
}

async function runFirst(round: Round, { steps }: Plan): Promise<'done' | undefined> {
  const { up, own } = round
  const [step] = steps
  if (step === undefined) return 'done'
  const onDone = () => {
    own.push(step)
    markDone(up.progress, step)
  }
  try {
    const outcome = await executeStep({
      run: up.run,
      session: up.session,
      step,
      migration: requireLoaded(up, step.name),
      index: own.length + 1,
      total: own.length + steps.length,
    })
    if (outcome === 'done') {
      onDone()
      return undefined
    }
  } catch (error) {
    if (error instanceof TurnLost) return undefined
    throw error
  }
  await resolveCommit(up.run, step, steps.length === 1, onDone)
  return 'done'
}
