/** `slipway verify` */
import { surveyDatabase } from '../engine/survey.ts'
import { combineReasons } from '../plan/refusal.ts'
import { verifyResult } from '../reporters/survey-results.ts'
import { verifyJson } from '../reporters/verify-json.ts'
import { verifyText } from '../reporters/verify-text.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function verify(context: CommandContext, options: { readonly json: boolean }): Promise<number> {
  const run = await context.openRun()
  const verified = verifyResult(run, await surveyDatabase(run, { loadPending: true, readAll: true }))
  if (options.json) context.printJson(verifyJson(verified))
  else context.print(verifyText(verified, { colors: context.colors }))
  return verified.refusals.length === 0 ? 0 : combineReasons(verified.refusals).exitCode
}
