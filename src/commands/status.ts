/** `slipway status` */

import type { Run } from '../engine/run.ts'
import { type Survey, surveyDatabase } from '../engine/survey.ts'
import { exitCodes } from '../errors.ts'
import type { StatusResult } from '../reporters/results.ts'
import { statusJson } from '../reporters/status-json.ts'
import { statusText } from '../reporters/status-text.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function status(
  context: CommandContext,
  options: { readonly json: boolean; readonly exitCode: boolean },
): Promise<number> {
  const run = await context.openRun()
  const survey = await surveyDatabase(run, { loadPending: false })
  const result = toStatus(run, survey)
  if (options.json) context.printJson(statusJson(result))
  else context.print(statusText(result, { colors: context.colors }))
  const isPending = result.migrations.some(
    ({ state }) => state === 'pending' || state === 'late' || state === 'unfinished',
  )
  return options.exitCode && isPending ? exitCodes.pending : 0
}

function toStatus(run: Run, { facts, snapshot, found, result }: Survey): StatusResult {
  return {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    current: snapshot.rows.findLast((row) => row.state === 'applied')?.name,
    head: found.files.at(-1)?.name,
    migrations: result.states.map(({ name, state, history }) => ({
      name,
      state,
      appliedAt: history?.appliedAt,
      durationMs: history?.durationMs,
      appliedBy: history?.appliedBy,
    })),
    refusals: result.kind === 'refusal' ? result.reasons : [],
    warnings: result.warnings,
  }
}
