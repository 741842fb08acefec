/** Changes history and runs nothing: what was shown and confirmed is decided again under the run lock, then written. */
import type { Amendment } from '../dialects/amendment.ts'
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { HistoryRow } from '../plan/migration.ts'
import { describeSessionFailure } from './failure.ts'
import { acquireRunLock, releasingRunLock } from './lock.ts'
import { openSession } from './open.ts'
import type { Run } from './run.ts'

/** From history as it is to the changes it needs; throws what stands against them. */
export type Decide = (session: Session, snapshot: HistorySnapshot) => Promise<readonly Amendment[]>

/** Writes exactly `shown`, or nothing: throws transient when history moved in between. */
export async function amendHistory(run: Run, decide: Decide, shown: readonly Amendment[]): Promise<void> {
  const session = await openSession(run, { intent: 'write', timeoutMs: run.config.waitTimeoutMs })
  try {
    const turns = await session.turns()
    if (turns !== undefined) {
      const { withTurn } = await import('./turns.ts')
      const again = (snapshot: HistorySnapshot) => decideAgain(run, session, { decide, shown, snapshot })
      return await withTurn(run, turns, again, (amendments) => amend(run, turns.session, amendments))
    }
    await acquireRunLock(run, session, () => false)
    await releasingRunLock(run, session, async () => {
      await session.ensureHistory()
      const snapshot = await session.readHistory()
      await amend(run, session, await decideAgain(run, session, { decide, shown, snapshot }))
    })
  } catch (error) {
    throw describeSessionFailure(run, error, 'changing history')
  } finally {
    await session.close()
  }
}

interface Decision {
  readonly decide: Decide
  readonly shown: readonly Amendment[]
  readonly snapshot: HistorySnapshot
}

async function decideAgain(
  run: Run,
  session: Session,
  { decide, shown, snapshot }: Decision,
): Promise<readonly Amendment[]> {
  const amendments = await decide(session, snapshot)
  if (describeAll(amendments) === describeAll(shown)) return amendments
  throw new SlipwayError(
    'transient',
    'history changed between the look and the lock: what was confirmed is no longer what there is to do',
    { hint: `look again: slipway ${run.verb === 'repair' ? 'repair' : 'status'}` },
  )
}

async function amend(run: Run, session: Session, amendments: readonly Amendment[]): Promise<void> {
  run.signal.throwIfAborted()
  await session.amendHistory(amendments)
  proveAmended(amendments, (await session.readHistory()).rows)
  for (const amendment of amendments)
    run.emit({
      type: 'history-amended',
      name: amendment.record.name,
      action: amendment.kind,
      detail: amendment.detail,
    })
}

function describeAll(amendments: readonly Amendment[]): string {
  return amendments.map(({ kind, record }) => `${kind} ${record.name} ${record.checksum}`).join('\n')
}

/** Success is reported only after this. */
function proveAmended(amendments: readonly Amendment[], rows: readonly HistoryRow[]): void {
  const wrong = amendments.filter((amendment) => {
    const row = rows.find(({ name }) => name === amendment.record.name)
    if (amendment.kind === 'forget') return row !== undefined
    return row?.checksum !== amendment.record.checksum || row.state === 'started'
  })
  if (wrong.length === 0) return
  const names = wrong.map(({ record }) => record.name).join(', ')
  throw new SlipwayError('history-mismatch', `history does not hold what was written: ${names}`)
}
