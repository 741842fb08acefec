/** `slipway unlock` */
import type { Run } from '../engine/run.ts'
import { endHolder, type LockSurvey, refuseToEnd, remedyFor, surveyLock } from '../engine/unlock.ts'
import type { LockHolder } from '../events.ts'
import { lockJson } from '../reporters/lock-json.ts'
import { freedText, type LockResult, lockText } from '../reporters/lock-text.ts'
import type { CommandContext } from '../terminal/context.ts'
import { describeHolder } from '../text/describe-holder.ts'

export interface UnlockOptions {
  readonly terminate: boolean
  readonly json: boolean
  readonly yes: boolean
}

export async function unlock(context: CommandContext, options: UnlockOptions): Promise<number> {
  const run = await context.openRun()
  const survey = await surveyLock(run)
  if (options.terminate && survey.holder !== undefined)
    return terminate({ context, run, survey, holder: survey.holder }, options.yes)
  const result = toResult(run, survey)
  const { redact } = context.config
  if (options.json) context.printJson(lockJson(result, redact))
  else context.print(lockText(result, { colors: context.colors, redact }))
  return 0
}

interface Termination {
  readonly context: CommandContext
  readonly run: Run
  readonly survey: LockSurvey
  readonly holder: LockHolder
}

async function terminate({ context, run, survey, holder }: Termination, yes: boolean): Promise<number> {
  refuseToEnd(run, survey)
  const { redact } = context.config
  const { now } = survey.facts
  if (!yes) {
    const { confirm } = await import('../terminal/confirm.ts')
    const shown = lockText(
      { ...toResult(run, survey), remedy: undefined },
      { colors: context.colors, redact },
    )
    await confirm('unlock --terminate', {
      what: `end the holder of the run lock, ${describeHolder(holder, now, redact)}`,
      shown: `${redact(shown)}\nIt would be ended, and the server would roll back what it did not commit.`,
      signal: run.signal,
    })
  }
  const { ended, next } = await endHolder(run, holder)
  context.print(freedText(ended, { holder, next, now }, redact))
  return 0
}

function toResult(run: Run, survey: LockSurvey): LockResult {
  const { facts, holder } = survey
  return {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
    holder,
    now: facts.now,
    remedy: remedyFor(run, survey),
  }
}
