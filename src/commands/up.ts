/** `slipway up` */

import type { UpRequest } from '../engine/planning.ts'
import { startUp } from '../engine/up.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export interface UpOptions {
  readonly to: string | undefined
  readonly steps: number | undefined
  readonly dryRun: boolean
  readonly rehearse: boolean
  /** `--single-transaction` */
  readonly together: boolean
}

export async function up(context: CommandContext, options: UpOptions): Promise<number> {
  const run = await context.openRun()
  const request = await requestOf(options)
  if (options.rehearse) {
    const { rehearse } = await import('../engine/rehearse.ts')
    const { rehearsalText } = await import('../reporters/rehearsal-text.ts')
    const rehearsal = await rehearse(run, request)
    context.print(rehearsalText(rehearsal, { database: run.url.shown, colors: context.colors }))
    return 0
  }
  if (!options.dryRun) return conclude(run, startUp(run, request))
  const { planRun } = await import('../engine/plan-run.ts')
  const { planText } = await import('../reporters/plan-text.ts')
  const { planResult } = await import('../reporters/survey-results.ts')
  const result = planResult(run, await planRun(run, request), { together: options.together })
  context.print(planText(result, { colors: context.colors }))
  return 0
}

async function requestOf({ to, steps, together }: UpOptions): Promise<UpRequest> {
  const limit = { together, ...(steps === undefined ? {} : { steps }) }
  if (to === undefined) return limit
  const { parseTarget } = await import('../plan/target.ts')
  return { ...limit, target: parseTarget(to) }
}
