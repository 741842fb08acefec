/** Blocks until the database has every migration this image knows. Reads only. */
import type { Session } from '../dialects/dialect.ts'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import { type Discovery, discoverMigrations } from '../files/discover.ts'
import { isUpToDate, listUnapplied, refusalError } from '../plan/plan.ts'
import { openSession } from './open.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'
import { sleep } from './sleep.ts'

const lookEveryMs = 500

/**
 * Throws unreachable when it never answers, pending when time runs out, failed-elsewhere when the awaited run failed.
 * `waitedMs`: failures of that time before the database answers count too.
 */
export async function waitForMigrations(run: Run, timeoutMs: number, waitedMs = 0): Promise<void> {
  const found = await look(run)
  const deadline = performance.now() + timeoutMs
  let since: Date | undefined
  for (;;) {
    const session = await openSession(run, {
      intent: 'read',
      timeoutMs: Math.max(0, deadline - performance.now()),
    })
    since ??= new Date(session.facts.now.getTime() - waitedMs)
    try {
      await watchHistory(run, { session, found, since, deadline })
      return
    } catch (error) {
      if (!isConnectionTrouble(run, session, error) || performance.now() >= deadline) throw error
    } finally {
      await session.close()
    }
  }
}

/** What the folder has to tell, the run that is waited for tells. */
async function look({ config: { dir, allowEmpty }, cwd, folder }: Run): Promise<Discovery> {
  return folder === undefined ? discoverMigrations(dir, { allowEmpty, cwd }) : folder.discover('use')
}

export async function waitForDatabase(run: Run, timeoutMs: number): Promise<void> {
  const session = await openSession(run, { intent: 'read', timeoutMs })
  await session.close()
}

/** The server may restart while we wait: then the waiting goes on with a new session. */
function isConnectionTrouble(run: Run, session: Session, error: unknown): boolean {
  if (isSlipwayError(error)) return false
  const { kind } = run.dialect.explain(error)
  return session.lost || kind === 'session-lost' || kind === 'not-ready'
}

interface Watch {
  readonly session: Session
  readonly found: Discovery
  readonly since: Date
  readonly deadline: number
}

async function watchHistory(run: Run, watch: Watch): Promise<void> {
  const { session, found } = watch
  for (;;) {
    const snapshot = await session.readHistory()
    if (isUpToDate(found.files, snapshot.rows)) {
      const result = await planAgainst({ run, session, found, snapshot, options: new Map(), request: {} })
      for (const warning of result.warnings) run.emit({ type: 'warning', ...warning })
      if (result.kind === 'refusal') throw refusalError(result)
      run.emit({
        type: 'planned',
        steps: [],
        applied: found.files.length,
        ahead: result.ahead.map((row) => row.name),
      })
      return
    }
    const pending = listUnapplied(found.files, snapshot.rows).map((file) => file.name)
    await refuseFailedRun(watch, pending)
    if (performance.now() + lookEveryMs > watch.deadline) {
      throw new SlipwayError('pending', `still pending: ${pending.join(', ')}`)
    }
    await sleep(lookEveryMs, run.signal)
  }
}

async function refuseFailedRun({ session, found, since }: Watch, pending: readonly string[]): Promise<void> {
  const failures = await session.failuresSince(since)
  const checksums = new Map(found.files.map((file) => [file.name, file.checksum]))
  const failure = failures.findLast(
    (one) => pending.includes(one.name) && checksums.get(one.name) === one.checksum,
  )
  if (failure === undefined) return
  throw new SlipwayError('failed-elsewhere', `the awaited run ${failure.runId} failed: ${failure.error}`, {
    migration: failure.name,
  })
}
