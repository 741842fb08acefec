/** What `up` would do, and nothing done. */
import type { SessionFacts } from '../dialects/dialect.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import type { Plan } from '../plan/plan.ts'
import { discover, needsBaseline } from './discover.ts'
import { describeSessionFailure } from './failure.ts'
import { foresee, loadPending, makePlan, requireFit, requirePlan, type Up } from './migrator.ts'
import { openSession } from './open.ts'
import type { UpRequest } from './planning.ts'
import { emptyProgress } from './progress.ts'
import type { Run } from './run.ts'

export interface Planned {
  readonly plan: Plan
  readonly loaded: ReadonlyMap<string, LoadedMigration>
  readonly facts: SessionFacts
}

/** In a session that cannot write. */
export async function planRun(run: Run, request: UpRequest): Promise<Planned> {
  const found = await discover(run)
  const session = await openSession(run, { intent: 'read', timeoutMs: run.config.waitTimeoutMs })
  const up: Up = { run, request, progress: emptyProgress(), found, session, loaded: new Map() }
  try {
    const recorded = await session.readHistory()
    const isBare = needsBaseline(found, recorded)
    const snapshot = isBare ? await foresee(up, recorded) : recorded
    await loadPending(up, snapshot)
    const plan = requirePlan(up, await makePlan(up, snapshot))
    await requireFit(up, plan)
    return { plan, loaded: up.loaded, facts: session.facts }
  } catch (error) {
    throw describeSessionFailure(run, error, 'planning')
  } finally {
    await session.close()
  }
}
