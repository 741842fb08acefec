/** The steps of a plan, one after the other or all in one transaction. */
import { isSlipwayError } from '../errors.ts'
import { resolveCommit } from './commit.ts'
import { executeStep, type StepPlace } from './execute.ts'
import { markDone, type Progress } from './progress.ts'

export interface StepsOptions {
  readonly together: boolean
  readonly progress: Progress
}

/** False: the answer to the last commit was lost, and history has been asked already. */
export function runSteps(
  places: readonly StepPlace[],
  { together, progress }: StepsOptions,
): Promise<boolean> {
  return together ? runTogether(places, progress) : runEach(places, progress)
}

async function runEach(places: readonly StepPlace[], progress: Progress): Promise<boolean> {
  for (const place of places) {
    const { run, step, index, total } = place
    run.signal.throwIfAborted()
    if ((await executeStep(place)) === 'committed-unanswered') {
      await resolveCommit(run, step, index === total, () => markDone(progress, step))
      return false
    }
    markDone(progress, step)
  }
  return true
}

async function runTogether(places: readonly StepPlace[], progress: Progress): Promise<boolean> {
  const [first, ...others] = places
  if (first === undefined) return true
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
