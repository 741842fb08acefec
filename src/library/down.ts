/** `down` as a library: looked at, checked and reverted in one call. */
import { type DownSurvey, runDown, surveyDown } from '../engine/down.ts'
import { refuseLoss } from '../engine/down-safety.ts'
import type { Run } from '../engine/run.ts'
import type { DownRequest } from '../plan/down.ts'
import { combineReasons } from '../plan/refusal.ts'
import { type DownResult, toResult } from './results.ts'
import { type Place, settleReading, settleRun } from './run.ts'

export interface DownPlan {
  readonly request: DownRequest
  readonly dryRun: boolean
  readonly allowsLoss: boolean
  readonly backup: boolean
  readonly requireBackupMs: number | undefined
}

export async function down(place: Place, run: Run, plan: DownPlan): Promise<DownResult> {
  const began = performance.now()
  if (plan.dryRun) {
    const reverted = await settleReading(place, run, async () => namesIn(await surveyDown(run, plan.request)))
    const durationMs = performance.now() - began
    const rest = { applied: [], skipped: [], pending: [], ahead: [], backup: undefined }
    return { ...rest, runId: run.runId, durationMs, dryRun: true, reverted }
  }
  let backup: string | undefined
  const outcome = await settleRun(place, run, async (progress) => {
    await requireTools(run, plan)
    const survey = await surveyDown(run, plan.request)
    if (survey.steps.length === 0) return
    await requireSafe(run, survey, plan)
    const backUp = async () => {
      const { takeBackup } = await import('../engine/backup.ts')
      backup = await takeBackup(run, survey.mark, new Date())
    }
    await runDown(run, {
      request: plan.request,
      survey,
      allowsLoss: plan.allowsLoss,
      backUp: plan.backup ? backUp : undefined,
      progress,
      allowLoss,
    })
  })
  return { ...toResult(outcome), dryRun: false, reverted: [...(outcome.reverted ?? [])], backup }
}

function namesIn({ steps }: DownSurvey): string[] {
  return steps.map(({ name }) => name)
}

async function requireTools(run: Run, { backup, requireBackupMs }: DownPlan): Promise<void> {
  if (!backup && requireBackupMs === undefined) return
  const { requireBackupTools } = await import('../engine/backup.ts')
  await requireBackupTools(run)
}

function allowLoss(): string {
  return 'down({ allowDataLoss: true })'
}

/** Throws every reason at once: data-loss, backup-missing. */
async function requireSafe(run: Run, survey: DownSurvey, plan: DownPlan): Promise<void> {
  const { allowsLoss, requireBackupMs } = plan
  const reasons = [
    refuseLoss(survey, { allowsLoss, confirmed: undefined, isOff: false, retype: allowLoss }),
    requireBackupMs === undefined ? undefined : await findFault(run, survey, requireBackupMs),
  ].filter((reason) => reason !== undefined)
  if (reasons.length > 0) throw combineReasons(reasons)
}

async function findFault(run: Run, { mark }: DownSurvey, maxAgeMs: number) {
  const { findBackupFault } = await import('../engine/backup.ts')
  return await findBackupFault(run, mark, { maxAgeMs, now: new Date() })
}
