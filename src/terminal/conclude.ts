/** How a verb that runs something ends on the command line. */
import { runToOutcome } from '../engine/outcome.ts'
import type { Progress } from '../engine/progress.ts'
import type { Run } from '../engine/run.ts'

/** Runs `work`, emits run-started and run-finished, and returns the exit code. */
export async function conclude(run: Run, work: (progress: Progress) => Promise<void>): Promise<number> {
  return (await runToOutcome(run, work)).exitCode
}
