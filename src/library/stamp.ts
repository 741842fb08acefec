/** `stamp` as a library: shown and recorded in one call. */
import type { Progress } from '../engine/progress.ts'
import type { Run } from '../engine/run.ts'
import { runStamp, type StampRequest, type StampSurvey, surveyStamp } from '../engine/stamp.ts'
import { type StampResult, toResult } from './results.ts'
import { type Place, settleReading, settleRun } from './run.ts'

export async function stamp(
  place: Place,
  run: Run,
  { request, dryRun }: { readonly request: StampRequest; readonly dryRun: boolean },
): Promise<StampResult> {
  const began = performance.now()
  if (dryRun) {
    const names = await settleReading(place, run, async () => namesIn(await surveyStamp(run, request)))
    const durationMs = performance.now() - began
    return { ...names, pending: [], ahead: [], runId: run.runId, durationMs, dryRun }
  }
  const outcome = await settleRun(place, run, (progress) => record(run, request, progress))
  return { ...toResult(outcome), dryRun }
}

async function record(run: Run, request: StampRequest, progress: Progress): Promise<void> {
  const survey = await surveyStamp(run, request)
  if (survey.amendments.length > 0) await runStamp(run, request, survey, progress)
}

function namesIn({ amendments }: StampSurvey): Pick<StampResult, 'applied' | 'skipped'> {
  const named = (state: 'applied' | 'skipped') =>
    amendments.flatMap((each) => (each.kind === 'stamp' && each.state === state ? [each.record.name] : []))
  return { applied: named('applied'), skipped: named('skipped') }
}
