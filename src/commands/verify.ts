/** `slipway verify` */
import type { Run } from '../engine/run.ts'
import { surveyDatabase } from '../engine/survey.ts'
import type { SlipwayError } from '../errors.ts'
import { combineReasons } from '../plan/refusal.ts'
import type { VerifyResult } from '../reporters/results.ts'
import { verifyResult } from '../reporters/survey-results.ts'
import { verifyJson } from '../reporters/verify-json.ts'
import { verifyText } from '../reporters/verify-text.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function verify(context: CommandContext, options: { readonly json: boolean }): Promise<number> {
  const run = await context.openRun()
  if (run.config.tenants !== undefined) return await verifyAll(context, run, options)
  const verified = await readVerified(run)
  if (options.json) context.printJson(verifyJson(verified))
  else context.print(verifyText(verified, { colors: context.colors }))
  return refusalOf(verified)?.exitCode ?? 0
}

async function readVerified(run: Run): Promise<VerifyResult> {
  return verifyResult(run, await surveyDatabase(run, { loadPending: true, readAll: true }))
}

function refusalOf({ refusals }: VerifyResult): SlipwayError | undefined {
  return refusals.length === 0 ? undefined : combineReasons(refusals)
}

async function verifyAll(
  context: CommandContext,
  run: Run,
  options: { readonly json: boolean },
): Promise<number> {
  const { askTenants } = await import('../engine/tenants/ask-tenants.ts')
  const asked = await askTenants(run, readVerified, refusalOf)
  if (options.json) {
    const { tenantsJson } = await import('../reporters/tenants-json.ts')
    context.printJson(tenantsJson(asked, verifyJson))
  } else {
    const { verifyAllText } = await import('../reporters/tenants-text.ts')
    context.print(verifyAllText(asked, { colors: context.colors }))
  }
  return asked.error?.exitCode ?? 0
}
