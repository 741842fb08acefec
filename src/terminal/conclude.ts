/** How a verb that runs something ends: one outcome, told to everyone who listens. */
import { emptyProgress, type Progress } from '../engine/progress.ts'
import type { Run } from '../engine/run.ts'
import { nextTurn } from '../engine/sleep.ts'
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'

/** Runs `work`, emits run-started and run-finished, and returns the exit code. */
export async function conclude(run: Run, work: (progress: Progress) => Promise<void>): Promise<number> {
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
    const { reason } = run.signal
    // What fails while a run is being stopped fails because of that, unless it tells the reason in more detail.
    if (isSlipwayError(reason) && reason.code !== error.code) error = reason
  }
  const exitCode = error?.exitCode ?? 0
  run.emit({
    type: 'run-finished',
    outcome: {
      runId: run.runId,
      verb: run.verb,
      exitCode,
      ...progress,
      durationMs: performance.now() - began,
      ...(error === undefined ? {} : { error }),
    },
  })
  return exitCode
}

async function toSlipwayError(run: Run, thrown: unknown): Promise<SlipwayError> {
  const { describeSessionFailure } = await import('../engine/failure.ts')
  const described = describeSessionFailure(run, thrown, run.verb)
  return isSlipwayError(described) ? described : new SlipwayError('bug', messageOf(thrown), { cause: thrown })
}
