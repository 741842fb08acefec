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
  const { planRun } = await import('../engine/migrator.ts')
  const { planText } = await import('../reporters/plan-text.ts')
  const { plan, loaded, facts } = await planRun(run, request)
  const applied = plan.states.filter(({ state }) => state === 'applied' || state === 'skipped').length
  context.print(
    planText(
      {
        database: run.url.shown,
        dialect: run.dialect.name,
        serverVersion: facts.serverVersion,
        historyTable: facts.historyTable,
        applied,
        steps: plan.steps.map((step) => ({
          name: step.name,
          action: step.action,
          transaction: loaded.get(step.name)?.options.transaction ?? true,
        })),
        ahead: plan.ahead.map((row) => row.name),
        together: options.together,
        warnings: plan.warnings,
      },
      { colors: context.colors },
    ),
  )
  return 0
}

async function requestOf({ to, steps, together }: UpOptions): Promise<UpRequest> {
  const limit = { together, ...(steps === undefined ? {} : { steps }) }
  if (to === undefined) return limit
  const { parseTarget } = await import('../plan/target.ts')
  return { ...limit, target: parseTarget(to) }
}
