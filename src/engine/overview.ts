/** What `serve` shows of the database: one look, in a session that cannot write. */
import type { FailureRecord } from '../dialects/dialect.ts'
import type { LockHolder } from '../events.ts'
import { discover } from './discover.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'
import { reading, type Survey } from './survey.ts'

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

/** Throws SlipwayError. */
export async function lookAround(run: Run): Promise<Overview> {
  const at = new Date()
  const found = await discover(run)
  return reading(run, async (session) => {
    const snapshot = await session.readHistory()
    const result = await planAgainst({ run, session, found, snapshot, options: new Map(), request: {} })
    const holder = await session.runLockHolder()
    const applied = new Set(snapshot.rows.filter(({ state }) => state !== 'started').map(({ name }) => name))
    const records = await session.failuresSince(new Date(session.facts.now.getTime() - failuresOfMs))
    const failures = new Map(
      records.filter(({ name }) => !applied.has(name)).map((record) => [record.name, record]),
    )
    return { survey: { facts: session.facts, snapshot, found, result }, holder, failures, at }
  })
}
