/** `slipway repair` */
import { type RepairSurvey, runRepair, surveyRepair } from '../engine/repair.ts'
import type { Run } from '../engine/run.ts'
import type { ErrorFacts } from '../errors.ts'
import { describeRepair, type RepairRequest } from '../plan/repair.ts'
import { type RepairResult, repairText } from '../reporters/repair-text.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export interface RepairOptions {
  readonly request: RepairRequest | undefined
  readonly yes: boolean
}

export async function repair(context: CommandContext, { request, yes }: RepairOptions): Promise<number> {
  const run = await context.openRun()
  const survey = await surveyRepair(run, request)
  const text = repairText(toResult(run, survey), request?.action, { colors: context.colors })
  if (request === undefined || survey.amendments.length === 0) {
    context.print(text)
    return 0
  }
  if (!yes) {
    const { confirm } = await import('../terminal/confirm.ts')
    await confirm('repair', {
      what: survey.damage.map((damage) => describeRepair(request.action, damage)).join(', and '),
      shown: context.config.redact(text),
      facts: placeOf(survey),
      signal: run.signal,
    })
  }
  return conclude(run, () => runRepair(run, request, survey))
}

/** Of one migration, where and what was edited. */
function placeOf({ damage, reasons }: RepairSurvey): ErrorFacts {
  const [only, other] = damage
  if (only === undefined || other !== undefined) return {}
  const location = reasons.get(only.name)?.facts.location
  return { migration: only.name, ...(location === undefined ? {} : { location }) }
}

function toResult(run: Run, { facts, damage, reasons }: RepairSurvey): RepairResult {
  return {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    damage,
    reasons,
  }
}
