/** `slipway verify` */
import { surveyDatabase } from '../engine/survey.ts'
import { combineReasons } from '../plan/refusal.ts'
import type { VerifyResult } from '../reporters/results.ts'
import { verifyJson } from '../reporters/verify-json.ts'
import { verifyText } from '../reporters/verify-text.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function verify(context: CommandContext, options: { readonly json: boolean }): Promise<number> {
  const run = await context.openRun()
  const { facts, found, result } = await surveyDatabase(run, { loadPending: true, readAll: true })
  const refusals = [...(result.kind === 'refusal' ? result.reasons : []), ...found.mismatches]
  const verified: VerifyResult = {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    checked: result.states.filter(({ state }) => state === 'applied' || state === 'changed').length,
    pending: result.states.filter(({ state }) => state === 'pending').map(({ name }) => name),
    ahead: result.ahead.map((row) => row.name),
    refusals,
    warnings: result.warnings,
  }
  if (options.json) context.printJson(verifyJson(verified))
  else context.print(verifyText(verified, { colors: context.colors }))
  return refusals.length === 0 ? 0 : combineReasons(refusals).exitCode
}
