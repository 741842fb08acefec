/** `up` as far as most starts go: a look at the folder and one at the database. The rest is loaded if there is a rest. */
import type { SessionFacts } from '../dialects/dialect.ts'
import { digestMigrations } from '../plan/digest.ts'
import { findMixedVersions } from '../plan/mixed-versions.ts'
import { discover } from './discover.ts'
import { openSession } from './open.ts'
import type { UpRequest } from './planning.ts'
import type { Progress } from './progress.ts'
import type { Run } from './run.ts'

/** Applies everything pending. Throws SlipwayError; `progress` tells how far it came. */
export async function runUp(run: Run, request: UpRequest, progress: Progress): Promise<void> {
  const found = await discover(run)
  const expected = digestMigrations(found.files)
  const session = await openSession(run, {
    intent: 'write',
    timeoutMs: run.config.waitTimeoutMs,
    // A target has to be looked up, whatever is applied.
    historyDigest: request.target === undefined,
  })
  try {
    if (isUpToDate(expected, session.facts)) {
      for (const warning of findMixedVersions(found.files)) run.emit({ type: 'warning', ...warning })
      run.emit({ type: 'planned', steps: [], applied: expected.count, ahead: [] })
      return
    }
    const { bringUp } = await import('./migrator.ts')
    await bringUp({ run, request, progress, found, session, loaded: new Map() })
  } catch (error) {
    const { describeSessionFailure } = await import('./failure.ts')
    throw describeSessionFailure(run, error, 'working')
  } finally {
    await session.close()
  }
}

/** Every file is applied as it is, nothing else is, and nothing is unfinished: the planner would find no more than that. */
function isUpToDate(expected: { count: number; digest: string }, { historyDigest }: SessionFacts): boolean {
  return expected.count > 0 && historyDigest?.digest === expected.digest
}
