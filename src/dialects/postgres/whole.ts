/** All of an operation or nothing of it: another one may follow an error that the migration caught. */
import type { Link } from './link.ts'
import type { Workplace } from './workplace.ts'
import { leaveTransaction } from './workplace.ts'

const mark = 'slipway_op'

/** In a transaction that is open. */
export async function withinSavepoint<T>(link: Link, work: () => Promise<T>): Promise<T> {
  const opened = link.simple(`savepoint ${mark}`)
  opened.catch(() => {})
  try {
    const result = await work()
    await opened
    await link.simple(`release savepoint ${mark}`)
    return result
  } catch (error) {
    // A transaction that cannot be brought back is one that cannot commit.
    if (!link.lost && link.transactionStatus !== 'I')
      await link.simple(`rollback to savepoint ${mark};\nrelease savepoint ${mark}`).catch(() => {})
    throw error
  }
}

/** In a transaction of its own, unless the migration has begun one. */
export async function withinAny<T>(place: Workplace, work: () => Promise<T>): Promise<T> {
  const { link } = place
  if (link.transactionStatus !== 'I') return await withinSavepoint(link, work)
  try {
    await link.simple('begin')
    const result = await work()
    await commitWhole(place)
    return result
  } catch (error) {
    await leaveTransaction(link)
    throw error
  }
}

/** Nothing may be cancelled from the moment it is sent until its answer. */
async function commitWhole(place: Workplace): Promise<void> {
  place.committing = true
  try {
    const [result] = await place.link.simple('commit')
    if (result?.command !== 'COMMIT') throw new Error('the server answered COMMIT with a rollback')
  } finally {
    place.committing = false
  }
}
