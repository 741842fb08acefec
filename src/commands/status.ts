/** `slipway status` */

import type { Run } from '../engine/run.ts'
import { surveyDatabase } from '../engine/survey.ts'
import { exitCodes, isSlipwayError } from '../errors.ts'
import type { StatusResult } from '../reporters/results.ts'
import { statusJson } from '../reporters/status-json.ts'
import { statusText } from '../reporters/status-text.ts'
import { statusResult } from '../reporters/survey-results.ts'
import type { CommandContext } from '../terminal/context.ts'

export interface StatusOptions {
  readonly json: boolean
  readonly exitCode: boolean
}

export async function status(context: CommandContext, options: StatusOptions): Promise<number> {
  const run = await context.openRun()
  if (run.config.tenants !== undefined) return await statusOfAll(context, run, options)
  const result = await readStatus(run)
  if (options.json) context.printJson(statusJson(result))
  else context.print(statusText(result, { colors: context.colors }))
  return options.exitCode && isPending(result) ? exitCodes.pending : 0
}

async function readStatus(run: Run): Promise<StatusResult> {
  return statusResult(run, await surveyDatabase(run, { loadPending: false }))
}

function isPending({ migrations }: StatusResult): boolean {
  return migrations.some(({ state }) => state === 'pending' || state === 'late' || state === 'unfinished')
}

async function statusOfAll(context: CommandContext, run: Run, options: StatusOptions): Promise<number> {
  const { askTenants } = await import('../engine/tenants/ask-tenants.ts')
  const asked = await askTenants(run, readStatus)
  if (options.json) {
    const { tenantsJson } = await import('../reporters/tenants-json.ts')
    context.printJson(tenantsJson(asked, statusJson))
  } else {
    const { statusAllText } = await import('../reporters/tenants-text.ts')
    context.print(statusAllText(asked, { colors: context.colors }))
  }
  if (asked.error !== undefined) return asked.error.exitCode
  const isAnyPending = asked.answers.some(({ answer }) => !isSlipwayError(answer) && isPending(answer))
  return options.exitCode && isAnyPending ? exitCodes.pending : 0
}
