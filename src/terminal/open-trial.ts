/** The run of a verb that works in a scratch database, with or without a target. */
import type { Run } from '../engine/run.ts'
import type { CommandContext } from './context.ts'

/** Where no target is needed and none is configured, the scratch server says which database it is about. */
export async function openTrial(
  { config, openRun }: CommandContext,
  { needsTarget }: { readonly needsTarget: boolean },
): Promise<Run> {
  const { databaseUrl, databaseProblem, scratchUrl, scratchProblem } = config
  if (needsTarget || databaseUrl !== undefined || databaseProblem?.code !== 'no-url')
    return openRun(databaseUrl)
  if (scratchProblem !== undefined) throw scratchProblem
  return openRun(scratchUrl)
}
