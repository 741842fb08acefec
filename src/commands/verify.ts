/** `slipway verify` */
import { surveyDatabase } from '../engine/survey.ts'
import { explainChanges } from '../engine/changes.ts'
import { refusalError } from '../plan/plan.ts'
import type { VerifyResult } from '../reporters/results.ts'
import { verifyJson } from '../reporters/verify-json.ts'
import { verifyText } from '../reporters/verify-text.ts'
import type { CommandContext } from './context.ts'

export async function verify(context: CommandContext, options: { readonly json: boolean }): Promise<number> {
  const run = await context.openRun()
  const { facts, found, result, sources } = await surveyDatabase(run, { loadPending: true })
  const refused =
    result.kind === 'refusal'
      ? { ...result, reasons: explainChanges(result.reasons, found.files, sources) }
      : undefined
  const verified: VerifyResult = {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    checked: result.states.filter(({ state }) => state === 'applied' || state === 'changed').length,
    pending: result.states.filter(({ state }) => state === 'pending').map(({ name }) => name),
    ahead: result.ahead.map((row) => row.name),
    refusals: refused?.reasons ?? [],
    warnings: result.warnings,
  }
  if (options.json) context.printJson(verifyJson(verified))
  else context.print(verifyText(verified, { colors: context.colors }))
  return refused === undefined ? 0 : refusalError(refused).exitCode
}
