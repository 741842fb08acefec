/** How a verb that runs something ends: one outcome, told to everyone who listens. */
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'
import type { RunOutcome } from '../events.ts'
import { emptyProgress, type Progress } from './progress.ts'
import type { Run } from './run.ts'
import { nextTurn } from './sleep.ts'

/** Runs `work`, emits run-started and run-finished, and returns what the latter holds. Never rejects. */
export async function runToOutcome(
  run: Run,
  work: (progress: Progress) => Promise<void>,
): Promise<RunOutcome> {
  const began = performance.now()
  const progress = emptyProgress()
  // A connection may be under way: its first words go out now. Making the run's id would hold them up.
  await nextTurn()
  // A file is worked on without a pause in which anything could be told later.
  if (!run.dialect.isRemote) run.whileWaiting?.()
  run.emit({
    type: 'run-started',
    get runId() {
      return run.runId
    },
    verb: run.verb,
    database: run.url.shown,
    dir: run.config.dir,
  })
  let error: SlipwayError | undefined
  try {
    await work(progress)
  } catch (thrown) {
    error = await toSlipwayError(run, thrown)
  }
  const outcome: RunOutcome = {
    runId: run.runId,
    verb: run.verb,
    exitCode: error?.exitCode ?? 0,
    ...progress,
    durationMs: performance.now() - began,
    ...(error === undefined ? {} : { error }),
  }
  run.emit({ type: 'run-finished', outcome })
  return outcome
}

/** What fails while a run is being stopped fails because of that, unless it tells the reason in more detail. */
export async function toSlipwayError(run: Run, thrown: unknown): Promise<SlipwayError> {
  const { describeSessionFailure } = await import('./failure.ts')
  const described = describeSessionFailure(run, thrown, run.verb)
  const error = isSlipwayError(described)
    ? described
    : new SlipwayError('bug', messageOf(thrown), { cause: thrown })
  const { reason } = run.signal
  return isSlipwayError(reason) && reason.code !== error.code ? reason : error
}
