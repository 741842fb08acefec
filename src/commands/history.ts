/** `slipway history` */
import { reading } from '../engine/survey.ts'
import { historyJson } from '../reporters/history-json.ts'
import { historyText } from '../reporters/history-text.ts'
import type { HistoryResult } from '../reporters/results.ts'
import { databaseFacts } from '../reporters/survey-results.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function history(
  context: CommandContext,
  options: { readonly json: boolean; readonly all: boolean },
): Promise<number> {
  const run = await context.openRun()
  const result = await reading<HistoryResult>(run, async (session) => ({
    ...databaseFacts(run, session.facts),
    rows: (await session.readHistory()).rows,
    log: options.all ? await session.readLog() : undefined,
  }))
  if (options.json) context.printJson(historyJson(result))
  else context.print(historyText(result, { colors: context.colors }))
  return 0
}
