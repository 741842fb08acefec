/** The connection a step works on, and the two things done with it everywhere: bookkeeping, and leaving a transaction. */
import type { Link, ResultSet } from './link.ts'
import type { HistoryNames } from './naming.ts'

export interface Workplace {
  readonly link: Link
  readonly names: HistoryNames
  /** Whose privileges count, for messages. */
  readonly role: string
  /** See resetSession. */
  readonly identity: string
  readonly reset: string
  readonly settle: string
  /** Opens a migration's transaction; empty where it is open already. */
  readonly begin: string
  /** True from the moment COMMIT is sent until its answer: nothing may be cancelled then. */
  committing: boolean
}

/** Two messages in one round trip: `read write` must be chosen before the transaction's first snapshot. */
export async function settleAnd(place: Workplace, text: string): Promise<ResultSet[]> {
  const reset = place.link.simple(place.settle)
  const answer = place.link.simple(text)
  answer.catch(() => {})
  await reset
  return answer
}

/** Bookkeeping in a transaction of its own, whatever the statements before it left in the session. */
export async function writeHistory(place: Workplace, text: string): Promise<ResultSet[]> {
  try {
    return await settleAnd(place, `begin transaction read write;\n${text};\ncommit`)
  } catch (error) {
    await leaveTransaction(place.link)
    throw error
  }
}

/** Never throws: the first error is the one that matters. A session that cannot roll back ends, and the server does it. */
export async function leaveTransaction(link: Link): Promise<void> {
  if (link.lost || link.transactionStatus === 'I') return
  await link.simple('rollback').catch(() => link.destroy('could not roll back'))
}
