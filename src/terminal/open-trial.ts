/** The run of a verb that works in a scratch database, with or without a target. */
import type { Run } from '../engine/run.ts'
import type { CommandContext } from './context.ts'

/** Of the target: of many tenants, the one that is named. Where none is needed and none is configured, the scratch server says which database it is about. */
export async function openTrial(
  { config, openRun }: CommandContext,
  { needsTarget }: { readonly needsTarget: boolean },
): Promise<Run> {
  const { tenants, databaseUrl, databaseProblem, scratchUrl, scratchProblem } = config
  if (needsTarget || tenants !== undefined || databaseUrl !== undefined || databaseProblem?.code !== 'no-url')
    return openRun()
  if (scratchProblem !== undefined) throw scratchProblem
  return openRun(scratchUrl)
}
