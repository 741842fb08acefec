/** The transaction that holds the run lock behind a pooler: its beginning, its work, and the two ways it ends. */
import type { Attempt } from '../dialect.ts'
import { StatementError, TransactionEscaped, TurnLost } from '../dialect.ts'
import { explain } from './errors.ts'
import type { Link, ResultSet } from './link.ts'
import { LockBudgetSpent } from './lock-budget.ts'
import { asWriter } from './privileges.ts'
import { resetIdentity } from './roles.ts'
import {
  type Belongings,
  becomeRole,
  bodySavepoint,
  dropWhatStays,
  openTurn,
  readBelongings,
  restore,
  type TurnOptions,
} from './turn-texts.ts'
import { leaveTransaction, type Workplace } from './workplace.ts'

export interface Turn {
  readonly before: Belongings
  /** `worked`: statements of a migration were sent; `undone`: they were rolled back, and the lock is still held. */
  state: 'fresh' | 'worked' | 'undone'
  place: Workplace | undefined
}

export interface TurnKeeper {
  /** The one that is open. */
  readonly turn: Turn | undefined
  /** Undefined: another runner has the lock. */
  begin(withHistory: boolean): Promise<{ readonly mark: unknown } | undefined>
  /** `mark`: see historyMark. */
  take(mark: unknown): Promise<'taken' | 'busy' | 'moved'>
  /** One that nothing has been done in; taken where there is none. Throws TurnLost. */
  require(mark: unknown): Promise<Turn>
  workplaceFor(turn: Turn, attempt: Attempt): Workplace
  /** Writes, leaves the server connection as it was found, and commits. */
  finish(turn: Turn, text: string): Promise<void>
  /** It was committed. */
  over(): void
  /** Rolls back what is open. Does not throw: a session that cannot roll back ends. */
  end(): Promise<void>
  /** In a transaction of its own, without the lock. */
  append(text: string): Promise<void>
}

export interface KeeperParts extends TurnOptions {
  readonly link: Link
  /** The backend that works for us now. */
  onBackend(pid: number | undefined): void
}

export function keepTurns(parts: KeeperParts): TurnKeeper {
  const { link, names } = parts
  const role = parts.role ?? parts.facts.user
  let turn: Turn | undefined

  const over = () => {
    turn = undefined
    parts.onBackend(undefined)
  }

  const end = async (): Promise<void> => {
    const ended = turn
    over()
    if (ended === undefined || link.lost || link.transactionStatus === 'I') return
    const rest = ended.state === 'fresh' ? '' : `;\n${dropWhatStays(ended.before, names)}`
    await link.simple(`rollback${rest}`).catch(() => link.destroy('could not roll back'))
  }

  const begin = async (withHistory: boolean): Promise<{ mark: unknown } | undefined> => {
    await end()
    const results = await rollingBack(link, () => link.simple(openTurn(parts, withHistory)))
    turn = { before: readBelongings(results[0]?.rows[0]), state: 'fresh', place: undefined }
    parts.onBackend(turn.before.pid)
    if (find(results, 'locked') === true) return { mark: find(results, 'mark') }
    await end()
    return undefined
  }

  const take = async (mark: unknown): Promise<'taken' | 'busy' | 'moved'> => {
    const begun = await asWriter(names, role, () => begin(true))
    if (begun === undefined) return 'busy'
    if (begun.mark === mark) return 'taken'
    await end()
    return 'moved'
  }

  /** What is to be recorded of a failure is recorded before anybody else gets the lock and fails the same way. */
  const leave = async (failed: Turn, error: unknown, attempt: Attempt): Promise<void> => {
    if (attempt.signal.aborted || !isLasting(error) || link.lost || link.transactionStatus === 'I') {
      return await end()
    }
    try {
      await link.simple(`rollback to savepoint ${bodySavepoint}`)
      failed.state = 'undone'
    } catch {
      await end()
    }
  }

  return {
    get turn() {
      return turn
    },
    begin,
    take,
    over,
    end,
    async require(mark) {
      if (turn?.state === 'fresh') return turn
      const taken = await take(mark)
      if (turn === undefined) throw new TurnLost(`no turn: ${taken}`)
      return turn
    },
    workplaceFor: (taken, attempt) => ({
      link,
      names,
      role,
      identity: resetIdentity(parts.role),
      pid: taken.before.pid,
      reset: `savepoint ${bodySavepoint}`,
      settle: '',
      begin: '',
      commit: `${restore(taken.before, names)};\ncommit`,
      leave: (error) => leave(taken, error, attempt),
      committing: false,
    }),
    async finish({ before }, text) {
      try {
        await link.simple(`${text};\n${restore(before, names)};\ncommit`)
        over()
      } catch (error) {
        await end()
        throw error
      }
    },
    async append(text) {
      await end()
      const begun = 'begin transaction isolation level read committed read write'
      await asWriter(names, role, () =>
        rollingBack(link, () => link.simple(`${begun};\n${becomeRole(parts)}${text};\ncommit`)),
      )
    },
  }
}

async function rollingBack<T>(link: Link, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await leaveTransaction(link)
    throw error
  }
}

function find(results: readonly ResultSet[], column: string): unknown {
  return results.find(({ rows: [row] }) => row !== undefined && column in row)?.rows[0]?.[column]
}

/** Not to be tried again as it is. */
function isLasting(error: unknown): boolean {
  const cause = error instanceof StatementError ? error.cause : error
  if (cause instanceof LockBudgetSpent || cause instanceof TransactionEscaped) return false
  return explain(cause).kind !== 'retryable'
}
