/** `slipway down` */
import type { DownCommand } from '../config/down-arguments.ts'
import { type DownSurvey, runDown, surveyDown } from '../engine/down.ts'
import { refuseLoss, refuseUnconfirmed, type SafetyOptions, whyConfirm } from '../engine/down-safety.ts'
import type { Progress } from '../engine/progress.ts'
import type { Run } from '../engine/run.ts'
import { isSlipwayError, type SlipwayError } from '../errors.ts'
import type { DownRequest } from '../plan/down.ts'
import { combineReasons } from '../plan/refusal.ts'
import { parseTarget } from '../plan/target.ts'
import { type DownEnding, downJson } from '../reporters/down-json.ts'
import { type DownResult, downText } from '../reporters/down-text.ts'
import { conclude } from '../terminal/conclude.ts'
import { canAsk, confirmName, retype } from '../terminal/confirm.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function down(context: CommandContext, command: DownCommand): Promise<number> {
  const run = await context.openRun()
  const { backup, requireBackupMs } = command
  if (backup || requireBackupMs !== undefined) {
    const { requireBackupTools } = await import('../engine/backup.ts')
    await requireBackupTools(run)
  }
  const request = requestOf(command)
  const survey = await surveyDown(run, request)
  const result = toResult(run, survey)
  const show = () => {
    if (!command.json) context.print(downText(result, { colors: context.colors }).trimEnd())
  }
  const tell = (ending: Omit<DownEnding, 'dryRun'>) => {
    if (command.json) context.printJson(downJson(result, { dryRun: command.dryRun, ...ending }))
  }
  const nothing = { reverted: [], backup: undefined, exitCode: 0 }
  if (command.dryRun || survey.steps.length === 0) {
    show()
    if (command.dryRun && survey.steps.length > 0 && !command.json)
      context.print('\ndry run: nothing was changed')
    tell(nothing)
    return 0
  }
  show()
  try {
    await passSafety(run, survey, command)
  } catch (error) {
    if (isSlipwayError(error)) tell({ ...nothing, exitCode: error.exitCode, error })
    throw error
  }
  return revert(run, { request, survey, command, tell })
}

function requestOf({ to, steps, fromHistory }: DownCommand): DownRequest {
  return {
    fromHistory,
    ...(to === undefined ? {} : { target: parseTarget(to) }),
    ...(steps === undefined ? {} : { steps }),
  }
}

interface Reverting {
  readonly request: DownRequest
  readonly survey: DownSurvey
  readonly command: DownCommand
  readonly tell: (ending: Omit<DownEnding, 'dryRun'>) => void
}

async function revert(run: Run, { request, survey, command, tell }: Reverting): Promise<number> {
  let backup: string | undefined
  let seen: Progress | undefined
  const backUp = async () => {
    const { takeBackup } = await import('../engine/backup.ts')
    backup = await takeBackup(run, survey.mark, new Date())
  }
  let failure: SlipwayError | undefined
  const emit: Run['emit'] = (event) => {
    if (event.type === 'run-finished') failure = event.outcome.error
    run.emit(event)
  }
  const told: Run = { ...run, emit }
  const exitCode = await conclude(told, (progress) => {
    seen = progress
    return runDown(told, {
      request,
      survey,
      allowsLoss: command.allowsLoss || command.safetyOff,
      backUp: command.backup ? backUp : undefined,
      progress,
      allowLoss: (reverted) => retypeDown(command, reverted),
    })
  })
  tell({ reverted: seen?.reverted ?? [], backup, exitCode, error: failure })
  return exitCode
}

/** For what is left of it: a number of steps is counted from the newest. */
function retypeDown({ to, steps }: DownCommand, reverted: number): string {
  const wanted = steps ?? (/^-\d+$/.test(to ?? '') ? -Number(to) : undefined)
  const replaced = wanted === undefined || reverted === 0 ? {} : { steps: wanted - reverted }
  return retype('--allow-data-loss', replaced)
}

/** Everything that speaks against it at once; then somebody is asked, if there is somebody. */
async function passSafety(run: Run, survey: DownSurvey, command: DownCommand): Promise<void> {
  const options: SafetyOptions = {
    allowsLoss: command.allowsLoss,
    confirmed: command.confirmed,
    isOff: command.safetyOff,
    retype,
  }
  const { database } = survey.facts
  const reasons = [
    refuseLoss(survey, options),
    refuseUnconfirmed(run, database, options, canAsk()),
    await findBackupFault(run, survey, command),
  ].filter((reason) => reason !== undefined)
  if (reasons.length > 0) throw combineReasons(reasons)
  const why = whyConfirm(run)
  if (why !== undefined && command.confirmed === undefined && !command.safetyOff)
    await confirmName(database, { why, signal: run.signal })
}

async function findBackupFault(
  run: Run,
  { mark }: DownSurvey,
  { requireBackupMs }: DownCommand,
): Promise<SlipwayError | undefined> {
  if (requireBackupMs === undefined) return undefined
  const { findBackupFault: find } = await import('../engine/backup.ts')
  return find(run, mark, { maxAgeMs: requireBackupMs, now: new Date() })
}

function toResult(run: Run, survey: DownSurvey): DownResult {
  return {
    database: run.url.shown,
    dialect: run.dialect.name,
    serverVersion: survey.facts.serverVersion,
    historyTable: survey.facts.historyTable,
    survey,
  }
}
