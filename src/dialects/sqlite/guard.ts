/** Stands between a transactional migration and its connection, one statement at a time. */
import { checkpoint } from '../../events.ts'
import { type Attempt, type Row, TransactionEscaped } from '../dialect.ts'
import type { Handle } from './driver.ts'
import { countChildren, type Enforcement, findParentDrop } from './foreign-keys.ts'
import { noticeOf } from './ignored-pragma.ts'
import { type SentStatement, sendStatement } from './send.ts'

/**
 * The body is about to drop a table that others refer to, and enforcement is on: it has to run again without it.
 * Never leaves this folder.
 */
export class EnforcementInTheWay extends Error {
  override readonly name = 'EnforcementInTheWay'
}

export interface Guard {
  /** Runs one statement; `explain` turns SQLite's error into the one to throw. */
  run(statement: SentStatement, values: readonly unknown[], explain?: (error: unknown) => unknown): Row[]
  /** Has the migration run again without enforcement of foreign keys, if it runs with it. */
  requireShield(why: string): void
  /** What ended the migration for good, whatever its body made of that error; undefined while it goes well. */
  readonly ended: { readonly error: unknown } | undefined
}

/** For a handle inside the transaction of `attempt`. */
export function createGuard(handle: Handle, attempt: Attempt, enforcement: Enforcement): Guard {
  const name = attempt.record.name
  let ended: { readonly error: unknown } | undefined

  /** Keeps the error: a body that catches it must not go on as if the transaction were still the same. */
  const end = (error: unknown): never => {
    ended = { error }
    throw error
  }

  const send = (
    statement: SentStatement,
    values: readonly unknown[],
    explain: (error: unknown) => unknown,
  ) => {
    checkpoint('statement-sent', name)
    try {
      const rows = sendStatement(handle, statement, values)
      checkpoint('statement-done', name)
      return rows
    } catch (error) {
      // `on conflict rollback`, raise(rollback) and a full disk undo the whole transaction with the statement:
      // whatever came after would be committed on its own.
      if (!handle.inTransaction) return end(explain(error))
      throw explain(error)
    }
  }

  return {
    get ended() {
      return ended
    },
    requireShield: (why) => {
      if (ended !== undefined) throw ended.error
      if (enforcement === 'on') end(new EnforcementInTheWay(why))
    },
    run: (statement, values, explain = (error) => error) => {
      if (ended !== undefined) throw ended.error
      attempt.signal.throwIfAborted()
      const notice = noticeOf(statement.text)
      if (notice !== undefined) attempt.onNotice(notice)
      const drop = findParentDrop(handle, statement.text)
      if (drop !== undefined && enforcement === 'on')
        end(new EnforcementInTheWay(`${drop.table} is referred to by ${drop.children.join(', ')}`))
      const findLoss = drop === undefined ? undefined : countChildren(handle, drop)
      const rows = send(statement, values, explain)
      if (!handle.inTransaction) end(new TransactionEscaped(`${statement.text} ended the transaction`))
      const loss = findLoss?.()
      if (loss !== undefined) end(loss)
      return rows
    },
  }
}
