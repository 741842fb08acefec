/** `slipway verify` */
import { surveyDatabase } from '../engine/survey.ts'
import { refusalError } from '../plan/plan.ts'
import type { VerifyResult } from '../reporters/results.ts'
import { verifyJson } from '../reporters/verify-json.ts'
import { verifyText } from '../reporters/verify-text.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function verify(context: CommandContext, options: { readonly json: boolean }): Promise<number> {
  const run = await context.openRun()
  const { facts, result } = await surveyDatabase(run, { loadPending: true })
  const verified: VerifyResult = {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    checked: result.states.filter(({ state }) => state === 'applied' || state === 'changed').length,
    pending: result.states.filter(({ state }) => state === 'pending').map(({ name }) => name),
    ahead: result.ahead.map((row) => row.name),
    refusals: result.kind === 'refusal' ? result.reasons : [],
    warnings: result.warnings,
  }
  if (options.json) context.printJson(verifyJson(verified))
  else context.print(verifyText(verified, { colors: context.colors }))
  return result.kind === 'plan' ? 0 : refusalError(result).exitCode
}
