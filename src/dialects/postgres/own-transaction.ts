/** A transaction of an operation's or of long work's own, within a migration that has none. */
import type { Attempt } from '../dialect.ts'
import { leaveTransaction, type Workplace } from './workplace.ts'

type Timeouts = Pick<Attempt, 'ddlLockTimeoutMs' | 'statementTimeoutMs'>

/** Releasing it fails unless the transaction is still the one that was begun: nothing is written down for work that is gone. */
const mark = 'slipway_own'

/**
 * What begins it. A lock that is not free within the DDL lock timeout is tried for again later, by whoever asked.
 * Without timeouts those of the session hold, which the migration may have set itself.
 */
export function beginOwn(timeouts: Timeouts | undefined): string {
  return [
    'begin transaction isolation level read committed read write',
    ...(timeouts === undefined
      ? []
      : [
          `set local lock_timeout = ${timeouts.ddlLockTimeoutMs}`,
          `set local statement_timeout = ${timeouts.statementTimeoutMs}`,
        ]),
    `savepoint ${mark}`,
  ].join(';\n')
}

/** Runs `work`, which commits; after an error nothing of it has happened. */
export async function withOwnTransaction<T>(
  { link }: Pick<Workplace, 'link'>,
  timeouts: Timeouts | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    await link.simple(beginOwn(timeouts))
    return await work()
  } catch (error) {
    await leaveTransaction(link)
    throw error
  }
}

/** Nothing may be cancelled from the moment it is sent until its answer. */
export async function commitOwn(place: Workplace, bookkeeping: string): Promise<readonly unknown[]> {
  place.committing = true
  try {
    const texts = [`release savepoint ${mark}`, ...(bookkeeping === '' ? [] : [bookkeeping]), 'commit']
    const results = await place.link.simple(texts.join(';\n'))
    if (results.at(-1)?.command !== 'COMMIT') throw new Error('the server answered COMMIT with a rollback')
    return results[0]?.rows ?? []
  } finally {
    place.committing = false
  }
}
