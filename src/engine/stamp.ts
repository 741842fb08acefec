/** The life of `stamp`: what would be recorded, then recording it. */
import type { Amendment } from '../dialects/amendment.ts'
import type { HistorySnapshot, Session, SessionFacts } from '../dialects/dialect.ts'
import { type Discovery, discoverMigrations } from '../files/discover.ts'
import { type Plan, refusalError } from '../plan/plan.ts'
import { planStamp } from '../plan/stamp.ts'
import type { Target } from '../plan/target.ts'
import { amendHistory } from './amend.ts'
import { recordOf } from './attempt.ts'
import { planAgainst } from './planning.ts'
import type { Progress } from './progress.ts'
import type { Run } from './run.ts'
import { loadOptions, reading } from './survey.ts'

export interface StampRequest {
  readonly target: Target
  readonly only: boolean
}

export interface StampSurvey {
  readonly facts: SessionFacts
  readonly found: Discovery
  readonly plan: Plan
  readonly amendments: readonly Amendment[]
}

/** In a session that cannot write, without the lock. Throws what `up` would throw. */
export async function surveyStamp(run: Run, request: StampRequest): Promise<StampSurvey> {
  const found = await discoverMigrations(run.config.dir, { allowEmpty: run.config.allowEmpty, cwd: run.cwd })
  for (const warning of found.warnings) run.emit({ type: 'warning', ...warning })
  return reading(run, async (session) => {
    const decided = await decide(run, request, { found, session, snapshot: await session.readHistory() })
    for (const warning of decided.plan.warnings) run.emit({ type: 'warning', ...warning })
    return { facts: session.facts, found, ...decided }
  })
}

/** Records what the survey showed; `progress` tells what was recorded. */
export async function runStamp(
  run: Run,
  request: StampRequest,
  { found, amendments }: StampSurvey,
  progress: Progress,
): Promise<void> {
  await amendHistory(
    run,
    async (session, snapshot) => (await decide(run, request, { found, session, snapshot })).amendments,
    amendments,
  )
  for (const amendment of amendments) {
    const isSkipped = amendment.kind === 'stamp' && amendment.state === 'skipped'
    const list = isSkipped ? progress.skipped : progress.applied
    list.push(amendment.record.name)
  }
}

interface Scene {
  readonly found: Discovery
  readonly session: Session
  readonly snapshot: HistorySnapshot
}

async function decide(
  run: Run,
  { target, only }: StampRequest,
  { found, session, snapshot }: Scene,
): Promise<{ plan: Plan; amendments: readonly Amendment[] }> {
  // What is recorded must load: whether it is breaking, or for this dialect at all, stands in the file.
  const options = await loadOptions(run, found, snapshot)
  const result = await planAgainst({
    run,
    session,
    found,
    snapshot,
    options,
    request: {},
    decide: (input) => planStamp({ ...input, target, only }),
  })
  if (result.kind === 'refusal') throw refusalError(result)
  const amendments = result.steps.flatMap(({ name, file, action }): Amendment[] => {
    const declared = options.get(name)
    if (declared === undefined) return []
    const record = recordOf(run, { file, options: declared })
    return action === 'skip'
      ? [
          {
            kind: 'stamp',
            record,
            state: 'skipped',
            detail: `recorded as skipped: not for ${run.dialect.name}`,
          },
        ]
      : [{ kind: 'stamp', record, state: 'applied', detail: 'recorded as applied, not run' }]
  })
  return { plan: result, amendments }
}
