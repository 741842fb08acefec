/** The connection a step works on, and the two things done with it everywhere: bookkeeping, and leaving a transaction. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from '../dialect.ts'
import type { Ahead } from './ahead.ts'
import type { Link, ResultSet } from './link.ts'
import type { HistoryNames } from './naming.ts'
import { movedAway } from './pooling.ts'
import type { PreparedRows } from './prepared-rows.ts'

export interface Workplace {
  readonly link: Link
  readonly names: HistoryNames
  /** Whose privileges count, for messages. */
  readonly role: string
  /** Who works; see resetSession. */
  readonly identity: string
  /** The backend that has the lock and the settings. */
  readonly pid: number
  /** Sent ahead of a migration's work as a message of its own; see resetSession. */
  readonly reset: string
  /** Absent where the next transaction may be another backend's. */
  readonly rows?: SessionRows
  /** The same, between the statements of one that has no transaction. */
  readonly settle: string
  /** Around the work of a migration that has one. Nothing to begin: it is open already. */
  readonly begin: string
  readonly commit: string
  /** When its work began, as SQL; the beginning of the transaction, unless several share it. */
  readonly since?: string
  /** After work that failed. Never throws: the first error is the one that matters. */
  leave(error: unknown): Promise<void>
  /** True from the moment COMMIT is sent until its answer: nothing may be cancelled then. */
  committing: boolean
  /** A second session that only looks, for as long as something is watched; undefined if there is none to be had. */
  readonly openAside?: () => Promise<Pick<Link, 'simple' | 'destroy'> | undefined>
  /** Absent where a transaction is all that one may hope for. */
  readonly ahead?: Ahead
}

/** What a session keeps at the server to write history with, and the reset that leaves it there. */
export interface SessionRows {
  readonly prepared: PreparedRows
  readonly tidy: string
}

/** As a message of its own, ahead of what must find nothing of what was before. */
export function sendReset({ link, reset, rows }: Workplace): Promise<ResultSet[]> {
  if (rows !== undefined) rows.prepared.ready = false
  return link.simple(reset)
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
export async function writeHistory(
  place: Workplace,
  text: string,
  beforeCommit?: () => void,
): Promise<ResultSet[]> {
  try {
    const results = await settleAnd(
      place,
      `begin transaction read write;\n${text};\nselect pg_catalog.pg_backend_pid() as pid${beforeCommit === undefined ? ';\ncommit' : ''}`,
    )
    // The driver puts what returns no rows into the result before it: COMMIT is in the last one.
    requireSameBackend(place.pid, results.at(-1)?.rows[0])
    if (beforeCommit !== undefined) {
      beforeCommit()
      await place.link.simple('commit')
    }
    return results
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

/** Throws pooler-in-the-way when the answer came from another backend than the one that has the run lock. */
export function requireSameBackend(pid: number, row: Row | undefined): void {
  if (Number(row?.pid) !== pid) throw movedAway(pid, row?.pid)
}

/** A pooler hands the server connection on; its own `server_reset_query` may be off. Never throws, never hangs. */
export async function leaveClean(link: Link): Promise<void> {
  const work = async () => {
    await leaveTransaction(link)
    await link.simple('discard all')
  }
  await Promise.race([work().catch(() => {}), sleep(1000, undefined, { ref: false })])
}
