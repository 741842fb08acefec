/** `slipway status` */

import { surveyDatabase } from '../engine/survey.ts'
import { exitCodes } from '../errors.ts'
import { statusJson } from '../reporters/status-json.ts'
import { statusText } from '../reporters/status-text.ts'
import { statusResult } from '../reporters/survey-results.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function status(
  context: CommandContext,
  options: { readonly json: boolean; readonly exitCode: boolean },
): Promise<number> {
  const run = await context.openRun()
  const survey = await surveyDatabase(run, { loadPending: false })
  const result = statusResult(run, survey)
  if (options.json) context.printJson(statusJson(result))
  else context.print(statusText(result, { colors: context.colors }))
  const isPending = result.migrations.some(
    ({ state }) => state === 'pending' || state === 'late' || state === 'unfinished',
  )
  return options.exitCode && isPending ? exitCodes.pending : 0
}
