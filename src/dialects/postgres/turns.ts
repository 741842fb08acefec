/**
 * Work through a pooler that gives a server connection to each transaction. No session has the run lock: each
 * migration's own transaction takes it, on the same key as a direct session does, and looks whether history is still
 * what the plan was made from. Nothing is SET but for the transaction.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresUrl } from '../../config/url.ts'
import {
  type Attempt,
  type HistorySnapshot,
  type Session,
  StatementError,
  TransactionEscaped,
  TurnLost,
  type Turns,
} from '../dialect.ts'
import { sendCancelRequest } from './cancel.ts'
import { createAbsent, selectSchema } from './create-history.ts'
import { explain } from './errors.ts'
import { readFacts, readOnly, selectFacts, type ServerFacts } from './facts.ts'
import { type FoundTables, findTables } from './history.ts'
import * as rows from './history-rows.ts'
import type { Link, ResultSet } from './link.ts'
import { selectRunLock } from './lock.ts'
import { LockBudgetSpent } from './prelock.ts'
import { asCreator, asReader, asWriter } from './privileges.ts'
import { applyInTransaction } from './transaction.ts'
import {
  type Belongings,
  bodySavepoint,
  dropWhatStays,
  historyMark,
  openTurn,
  readBelongings,
  restore,
  type TurnOptions,
} from './turn-texts.ts'
import { leaveTransaction, type Workplace } from './workplace.ts'

export interface TurnParts extends TurnOptions {
  readonly link: Link
  readonly url: PostgresUrl
  /** The session that reads. */
  readonly base: Session
  findHistory(): Promise<FoundTables>
  /** The history tables are not what they were. */
  forgetHistory(): void
  withNotices<T>(attempt: Attempt, work: () => Promise<T>): Promise<T>
  /** The backend that works for us now. */
  onBackend(pid: number | undefined): void
  requireSession(what: string): Promise<void>
}

/** An open transaction that holds the run lock. */
interface Turn {
  readonly before: Belongings
  /** `worked`: statements of a migration were sent; `undone`: they were rolled back, and the lock is still held. */
  state: 'fresh' | 'worked' | 'undone'
  place: Workplace | undefined
}

export function createTurns(parts: TurnParts): Turns {
  const { link, names, facts, base } = parts
  let turn: Turn | undefined
  let seen: unknown

  const begin = async (withHistory: boolean): Promise<{ mark: unknown } | undefined> => {
    await end()
    const results = await link.simple(openTurn(parts, withHistory)).catch(async (error: unknown) => {
      await leaveTransaction(link)
      throw error
    })
    turn = { before: readBelongings(results[0]?.rows[0]), state: 'fresh', place: undefined }
    parts.onBackend(turn.before.pid)
    if (find(results, 'locked') === true) return { mark: find(results, 'mark') }
    await end()
    return undefined
  }

  const end = async (): Promise<void> => {
    const ended = turn
    over()
    if (ended === undefined || link.lost || link.transactionStatus === 'I') return
    const rest = ended.state === 'fresh' ? '' : `;\n${dropWhatStays(ended.before, names)}`
    await link.simple(`rollback${rest}`).catch(() => link.destroy('could not roll back'))
  }

  const over = () => {
    turn = undefined
    parts.onBackend(undefined)
  }

  /** Writes, leaves the server connection as it was found, and commits. */
  const finish = async ({ before }: Turn, text: string): Promise<void> => {
    try {
      await link.simple(`${text};\n${restore(before, names)};\ncommit`)
      over()
    } catch (error) {
      await end()
      throw error
    }
  }

  /** In a transaction that needs no turn. */
  const append = async (text: string): Promise<void> => {
    await end()
    try {
      await asWriter(names, facts.user, () =>
        link.simple(`begin transaction isolation level read committed read write;\n${text};\ncommit`),
      )
    } catch (error) {
      await leaveTransaction(link)
      throw error
    }
  }

  const take = async (): Promise<'taken' | 'busy' | 'moved'> => {
    const begun = await asWriter(names, facts.user, () => begin(true))
    if (begun === undefined) return 'busy'
    if (begun.mark === seen) return 'taken'
    await end()
    return 'moved'
  }

  const requireTurn = async (): Promise<Turn> => {
    if (turn?.state !== 'fresh') {
      const taken = await take()
      if (taken !== 'taken') throw new TurnLost(`the turn is ${taken}`)
    }
    if (turn === undefined) throw new TurnLost('the turn is over')
    return turn
  }

  /** What is to be recorded of a failure is recorded before anybody else gets the lock and fails the same way. */
  const leave = async (failed: Turn, error: unknown, attempt: Attempt): Promise<void> => {
    if (!attempt.signal.aborted && isLasting(error) && link.transactionStatus !== 'I' && !link.lost) {
      const undone = link.simple(`rollback to savepoint ${bodySavepoint}`)
      const isUndone = await undone.then(
        () => true,
        () => false,
      )
      failed.state = 'undone'
      if (isUndone) return
    }
    await end()
  }

  const workplaceFor = (taken: Turn, attempt: Attempt): Workplace => ({
    link,
    names,
    role: facts.user,
    pid: taken.before.pid,
    reset: `savepoint ${bodySavepoint}`,
    settle: '',
    begin: '',
    commit: `${restore(taken.before, names)};\ncommit`,
    leave: (error) => leave(taken, error, attempt),
    committing: false,
  })

  const reading = <Arguments extends unknown[], T>(read: (...given: Arguments) => Promise<T>) => {
    return async (...given: Arguments): Promise<T> => {
      await end()
      return await read(...given)
    }
  }
  const refuse = (): Promise<never> =>
    parts.requireSession('this work needs').then(() => {
      throw new TypeError('not within turns')
    })
  const close = async (): Promise<void> => {
    await Promise.race([end(), delay(1000, undefined, { ref: false })])
    await base.close()
  }

  const session: Session = {
    facts: base.facts,
    get lost() {
      return link.lost
    },
    readHistory: reading(base.readHistory),
    readSource: reading(base.readSource),
    failuresSince: reading(base.failuresSince),
    runLockHolder: reading(base.runLockHolder),
    blockers: reading(base.blockers),
    releaseRunLock: end,
    tryRunLock: refuse,
    ensureHistory: refuse,
    applyStepwise: refuse,
    turns: async () => undefined,
    async applyInTransaction(attempt) {
      const taken = await requireTurn()
      taken.state = 'worked'
      const place = workplaceFor(taken, attempt)
      taken.place = place
      await parts.withNotices(attempt, () => applyInTransaction(place, attempt))
      over()
    },
    async recordSkipped(record) {
      const taken = await requireTurn()
      const text = `${rows.insertSkipped(names, record)};\n${rows.insertLog(names, 'skip', record)}`
      await asWriter(names, facts.user, () => finish(taken, text))
    },
    recordStarted: (record) => append(`${rows.insertStarted(names, record)}\non conflict (name) do nothing`),
    async recordFailure(record, error, statementsDone) {
      const text = rows.insertLog(names, 'failure', record, { error, statementsDone })
      if (turn?.state === 'undone') await finish(turn, text)
      else await append(text)
    },
    async cancel() {
      if (link.lost || turn?.place?.committing === true) return
      await sendCancelRequest(parts.url, link.backend)
    },
    close,
    [Symbol.asyncDispose]: close,
  }

  return {
    session,
    take,
    requireSession: parts.requireSession,
    async look(): Promise<HistorySnapshot> {
      await end()
      const { history, log } = await parts.findHistory()
      seen = undefined
      if (history !== undefined && log !== undefined) {
        // Before the rows: what changes between the two is noticed by `take`.
        const [row] = await asReader(names, facts.user, () => readOnly(link, historyMark(names)))
        seen = row?.mark
      }
      return await base.readHistory()
    },
    async isFree() {
      await end()
      return (await readOnly(link, selectRunLock(names))).length === 0
    },
    async ensureHistory() {
      if (isComplete(await parts.findHistory())) return true
      if ((await begin(false)) === undefined || turn === undefined) return false
      try {
        await createWhatIsAbsent(parts, (text) => (turn === undefined ? refuse() : finish(turn, text)))
      } finally {
        await end()
        parts.forgetHistory()
      }
      return true
    },
  }
}

function find(results: readonly ResultSet[], column: string): unknown {
  return results.find(({ rows: [row] }) => row !== undefined && column in row)?.rows[0]?.[column]
}

function isComplete({ history, log }: FoundTables): boolean {
  return history !== undefined && log !== undefined
}

/** Looks again, now that the lock is held. */
async function createWhatIsAbsent(parts: TurnParts, write: (text: string) => Promise<void>): Promise<void> {
  const { link, names, facts } = parts
  const now: ServerFacts = readFacts(await link.simple(selectFacts(names.table, names.schema)))
  const found = findTables(now, names)
  if (isComplete(found)) return
  const [schema] = await link.simple(selectSchema(names))
  const isSchemaThere = schema !== undefined && schema.rows.length > 0
  const absent = createAbsent(names, { facts, found, isSchemaThere })
  await asCreator(names, { role: facts.user, database: facts.database, isSchemaThere }, () => write(absent))
}

/** Not to be tried again as it is. */
function isLasting(error: unknown): boolean {
  const cause = error instanceof StatementError ? error.cause : error
  if (cause instanceof LockBudgetSpent || cause instanceof TransactionEscaped) return false
  return explain(cause).kind !== 'retryable'
}
