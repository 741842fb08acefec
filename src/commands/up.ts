/** `slipway up` */

import type { DatabaseUrl } from '../config/url.ts'
import type { UpRequest } from '../engine/planning.ts'
import type { Run } from '../engine/run.ts'
import { startUp } from '../engine/up.ts'
import type { PlanResult } from '../reporters/results.ts'
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
  const isMany = context.config.tenants !== undefined
  const run = await context.openRun(isMany && options.rehearse ? await findOnly(context) : undefined)
  const request = await requestOf(options)
  if (options.rehearse) {
    const { rehearse } = await import('../engine/rehearse.ts')
    const { rehearsalText } = await import('../reporters/rehearsal-text.ts')
    const rehearsal = await rehearse(run, request)
    context.print(rehearsalText(rehearsal, { database: run.url.shown, colors: context.colors }))
    return 0
  }
  if (isMany) return await upAll(context, run, { ...options, request })
  if (!options.dryRun) return conclude(run, startUp(run, request))
  const result = await plan(run, request)
  const { planText } = await import('../reporters/plan-text.ts')
  context.print(planText(result, { colors: context.colors }))
  return 0
}

async function plan(run: Run, request: UpRequest): Promise<PlanResult> {
  const { planRun } = await import('../engine/plan-run.ts')
  const { planResult } = await import('../reporters/survey-results.ts')
  return planResult(run, await planRun(run, request), { together: request.together === true })
}

async function upAll(
  context: CommandContext,
  run: Run,
  { dryRun, request }: UpOptions & { readonly request: UpRequest },
): Promise<number> {
  if (!dryRun) {
    const { startUpAll } = await import('../engine/tenants/run-tenants.ts')
    return conclude(run, startUpAll(run, request))
  }
  const { askTenants } = await import('../engine/tenants/ask-tenants.ts')
  const { planAllText } = await import('../reporters/tenants-text.ts')
  const asked = await askTenants(run, (tenantRun) => plan(tenantRun, request))
  context.print(planAllText(asked, { colors: context.colors }))
  return asked.error?.exitCode ?? 0
}

/** A rehearsal is about one. */
async function findOnly({ config }: CommandContext): Promise<DatabaseUrl> {
  const { onlyTenant } = await import('../engine/tenants/find-tenants.ts')
  return onlyTenant(config, 'up --rehearse')
}

async function requestOf({ to, steps, together }: UpOptions): Promise<UpRequest> {
  const limit = { together, ...(steps === undefined ? {} : { steps }) }
  if (to === undefined) return limit
  const { parseTarget } = await import('../plan/target.ts')
  return { ...limit, target: parseTarget(to) }
}
