/** What `serve` shows of the database: one look, in a session that cannot write. */
import type { FailureRecord, Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { LockHolder } from '../events.ts'
import type { Discovery } from '../files/discover.ts'
import { discover } from './discover.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'
import { loadUnfinished, reading, type Survey } from './survey.ts'

export interface Overview {
  readonly survey: Survey
  readonly holder: LockHolder | undefined
  /** Of migrations that are not applied now, by anybody; the newest of each. */
  readonly failures: ReadonlyMap<string, FailureRecord>
  /** When the look began, by this host's clock. */
  readonly at: Date
}

/** Failures that are older say nothing about now. */
const failuresOfMs = 7 * 24 * 3600_000
/** Who waits longer waits for a lock, and would wait as long as that is held. */
const longestLookMs = 10_000

/** Throws SlipwayError. */
export async function lookAround(run: Run): Promise<Overview> {
  const at = new Date()
  const found = await discover(run)
  return reading(run, (session) =>
    withinTime(run, session, async () => ({ ...(await look(run, session, found)), at })),
  )
}

async function look(run: Run, session: Session, found: Discovery): Promise<Omit<Overview, 'at'>> {
  const snapshot = await session.readHistory()
  const holder = await session.runLockHolder()
  // Whoever holds the lock is at it; what became of it will be seen.
  const options = holder === undefined ? await loadUnfinished(run, found.files, snapshot.rows) : new Map()
  const result = await planAgainst({ run, session, found, snapshot, options, request: {} })
  const applied = new Set(snapshot.rows.filter(({ state }) => state !== 'started').map(({ name }) => name))
  const records = await session.failuresSince(new Date(session.facts.now.getTime() - failuresOfMs))
  const failures = new Map(
    records.filter(({ name }) => !applied.has(name)).map((record) => [record.name, record]),
  )
  return { survey: { facts: session.facts, snapshot, found, result }, holder, failures }
}

/** Cancels what the server does not answer in time: it would be there for each look that comes after. */
async function withinTime<T>(run: Run, session: Session, work: () => Promise<T>): Promise<T> {
  let isLate = false
  const timer = setInterval(() => {
    isLate = true
    void session.cancel().catch(() => {})
  }, longestLookMs)
  try {
    return await work()
  } catch (error) {
    if (!isLate) throw error
    const message = `history was not read within ${longestLookMs / 1000} s on ${run.url.shown}; somebody may hold a lock on its table`
    throw new SlipwayError('transient', message, { cause: error, hint: 'end the transaction that holds it' })
  } finally {
    clearInterval(timer)
  }
}
