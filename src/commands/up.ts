/** `slipway up` */

import { planRun, runUp } from '../engine/migrator.ts'
import type { UpRequest } from '../engine/planning.ts'
import { parseTarget, type Target } from '../plan/target.ts'
import { planText } from '../reporters/plan-text.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export interface UpOptions {
  readonly to: string | undefined
  readonly steps: number | undefined
  readonly dryRun: boolean
  /** `--single-transaction` */
  readonly together: boolean
}

export async function up(context: CommandContext, options: UpOptions): Promise<number> {
  const run = await context.openRun()
  const request = requestOf(options)
  if (!options.dryRun) return conclude(run, (progress) => runUp(run, request, progress))
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

function requestOf({ to, steps, together }: UpOptions): UpRequest {
  const target: Target | undefined = to === undefined ? undefined : parseTarget(to)
  return { together, ...(target === undefined ? {} : { target }), ...(steps === undefined ? {} : { steps }) }
}
