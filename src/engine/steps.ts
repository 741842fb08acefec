/** The steps of a plan, one after the other or all in one transaction. */
import { isSlipwayError } from '../errors.ts'
import { resolveCommit } from './commit.ts'
import { executeStep, type StepPlace } from './execute.ts'
import { aroundSteps } from './hooks/open-hooks.ts'
import type { RunHooks } from './hooks/run-hooks.ts'
import { markDone, type Progress } from './progress.ts'

export interface StepsOptions {
  readonly together: boolean
  readonly progress: Progress
  readonly hooks?: RunHooks | undefined
}

/** False: the answer to the last commit was lost, and history has been asked already. */
export function runSteps(places: readonly StepPlace[], options: StepsOptions): Promise<boolean> {
  return options.together ? runTogether(places, options) : runEach(places, options)
}

async function runEach(places: readonly StepPlace[], { progress, hooks }: StepsOptions): Promise<boolean> {
  for (const place of places) {
    place.run.signal.throwIfAborted()
    const isAnswered = await aroundSteps(hooks, [place.step], () => runOne(place, progress))
    if (!isAnswered) return false
  }
  return true
}

async function runOne(place: StepPlace, progress: Progress): Promise<boolean> {
  const { run, step, index, total } = place
  run.signal.throwIfAborted()
  const outcome = await executeStep(place)
  if (outcome === 'committed-unanswered')
    await resolveCommit(run, step, index === total, () => markDone(progress, step))
  else markDone(progress, step)
  return outcome === 'done'
}

function runTogether(places: readonly StepPlace[], { progress, hooks }: StepsOptions): Promise<boolean> {
  return aroundSteps(
    hooks,
    places.map(({ step }) => step),
    () => runAtOnce(places, progress),
  )
}

async function runAtOnce(places: readonly StepPlace[], progress: Progress): Promise<boolean> {
  const [first, ...others] = places
  if (first === undefined) return true
  first.run.signal.throwIfAborted()
  const { executeTogether } = await import('./together.ts')
  const markAll = () => {
    for (const { step } of places) markDone(progress, step)
  }
  try {
    if ((await executeTogether([first, ...others])) === 'committed-unanswered') {
      // Their rows committed with it, or not at all.
      await resolveCommit(first.run, places.at(-1)?.step ?? first.step, true, markAll)
      return false
    }
  } catch (error) {
    if (isSlipwayError(error) && error.code === 'escaped') await markCommitted(places, progress)
    throw error
  }
  markAll()
  return true
}

/** A migration that ended the transaction has committed those before it. */
async function markCommitted(places: readonly StepPlace[], progress: Progress): Promise<void> {
  for (const { run, session, step } of places) {
    const { rows } = await session.readHistory()
    const isDone = rows.some(
      ({ name, runId, state }) => name === step.name && runId === run.runId && state !== 'started',
    )
    if (isDone) markDone(progress, step)
  }
}
