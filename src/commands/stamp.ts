/** `slipway stamp TARGET` */
import { runStamp, type StampSurvey, surveyStamp } from '../engine/stamp.ts'
import { parseTarget } from '../plan/target.ts'
import { type StampResult, stampText } from '../reporters/stamp-text.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export interface StampOptions {
  readonly target: string
  readonly only: boolean
  readonly dryRun: boolean
  readonly yes: boolean
}

export async function stamp(context: CommandContext, options: StampOptions): Promise<number> {
  const request = { target: parseTarget(options.target), only: options.only }
  const run = await context.openRun()
  const survey = await surveyStamp(run, request)
  const result = toResult(run.url.shown, run.dialect.name, survey)
  if (options.dryRun || result.steps.length === 0) {
    context.print(stampText(result, { colors: context.colors }))
    return 0
  }
  if (!options.yes) {
    const { confirm } = await import('../terminal/confirm.ts')
    await confirm('stamp', {
      what: `record as applied, without running: ${result.steps.map(({ name }) => name).join(', ')}`,
      shown: context.config.redact(stampText(result, { colors: context.colors })),
      signal: run.signal,
    })
  }
  return conclude(run, (progress) => runStamp(run, request, survey, progress))
}

function toResult(database: string, dialect: string, { facts, plan, amendments }: StampSurvey): StampResult {
  return {
    database,
    dialect,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    recorded: plan.states.filter(({ history }) => history !== undefined).length,
    steps: amendments.flatMap((each) =>
      each.kind === 'stamp' ? [{ name: each.record.name, state: each.state }] : [],
    ),
  }
}
