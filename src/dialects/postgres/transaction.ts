/** One attempt at a transactional migration: two round trips for SQL, history row and effects in one commit. */
import { setImmediate as turn } from 'node:timers/promises'
import { checkpoint } from '../../events.ts'
import type { ParsedStatement } from '../../sql/statement.ts'
import { transactionControlOf } from '../../sql/transaction-control.ts'
import {
  AlreadyRecorded,
  type Attempt,
  CommitUnanswered,
  type Executor,
  type Row,
  StatementError,
  TransactionEscaped,
} from '../dialect.ts'
import { createChecks } from './checks.ts'
import { isServerError, sqlstateOf } from './errors.ts'
import { insertLog, insertStarted, markApplied } from './history-rows.ts'
import type { Link, ResultSet } from './link.ts'
import { LockBudgetSpent, lockableAhead, lockTables } from './prelock.ts'
import { asWriter } from './privileges.ts'
import { leaveTransaction, type Workplace } from './workplace.ts'

export async function applyInTransaction(place: Workplace, attempt: Attempt): Promise<void> {
  try {
    requireIntact(place, attempt, await runBody(place, attempt))
    checkpoint('history-row-written', attempt.record.name)
    await commit(place, attempt)
  } catch (error) {
    await leaveTransaction(place.link)
    throw error
  }
}

/** The migration and its bookkeeping, from `place.begin` to just before the commit. */
export function runBody(place: Workplace, attempt: Attempt): Promise<Finished> {
  return attempt.body.kind === 'sql'
    ? sendSqlBody(place, attempt, attempt.body.statements)
    : runCodeBody(place, attempt, attempt.body.run)
}

/** Anything but an open transaction at this point means that the migration ended it. */
export function requireIntact({ link, names }: Workplace, { record }: Attempt, finished: Finished): void {
  if (link.transactionStatus !== 'T' || finished.xidBefore !== finished.xidAfter)
    throw new TransactionEscaped(record.name)
  if (finished.rows !== 1) throw new Error(`the migration removed its own row from ${names.shown}`)
}

export async function commit(place: Workplace, attempt: Attempt): Promise<void> {
  const { link } = place
  const { name } = attempt.record
  attempt.signal.throwIfAborted()
  place.committing = true
  const answer = link.simple('commit')
  answer.catch(() => {})
  // Two turns of the event loop: the driver writes in the first.
  await turn()
  await turn()
  checkpoint('commit-sent', name)
  let results: ResultSet[]
  try {
    results = await answer
  } catch (error) {
    if (link.lost) throw new CommitUnanswered(name, { cause: error })
    throw error
  } finally {
    place.committing = false
  }
  if (results.at(-1)?.command !== 'COMMIT') throw new Error('the server answered COMMIT with a rollback')
  checkpoint('committed', name)
}

export interface Finished {
  readonly xidBefore: unknown
  readonly xidAfter: unknown
  /** History rows that were marked applied. */
  readonly rows: number
}

function opening(place: Workplace, attempt: Attempt): string {
  return `${place.begin}
set local lock_timeout = ${attempt.ddlLockTimeoutMs};
lock table ${place.names.history} in share row exclusive mode;
${insertStarted(place.names, attempt.record)};
set local statement_timeout = ${attempt.statementTimeoutMs};
select pg_catalog.pg_current_xact_id()::text as xid`
}

/**
 * Works in whatever role, search_path and timeout the migration left us. Deferred constraints are checked before those
 * are changed: at COMMIT a trigger would no longer find the tables that the migration's search_path names.
 */
function closing(place: Workplace, attempt: Attempt): string {
  return `set constraints all immediate;
${place.identity};
set local search_path = pg_catalog;
set local statement_timeout = 0;
set local lock_timeout = 0;
${markApplied(place.names, attempt.record, 'applied_at')};
${insertLog(place.names, 'up', attempt.record)};
${currentTransaction}`
}

const currentTransaction = 'select pg_catalog.pg_current_xact_id_if_assigned()::text as xid'

function xidOf(results: readonly ResultSet[]): unknown {
  return results.at(-1)?.rows[0]?.xid
}

function finish(opened: readonly ResultSet[], closed: readonly ResultSet[]): Finished {
  return { xidBefore: xidOf(opened), xidAfter: xidOf(closed), rows: closed[0]?.rows.length ?? 0 }
}

/** Nothing of the migration has run yet. */
async function awaitOpening({ names, role }: Workplace, opened: Promise<ResultSet[]>): Promise<ResultSet[]> {
  try {
    return await asWriter(names, role, () => opened)
  } catch (error) {
    const isOwnRow =
      isServerError(error) &&
      error.code === '23505' &&
      error.table_name === names.table &&
      error.schema_name === names.schema
    throw isOwnRow ? new AlreadyRecorded('another runner recorded it first', { cause: error }) : error
  }
}

/** Everything goes out at once. Once one part fails the transaction is lost, and the server refuses the rest (25P02). */
async function sendSqlBody(
  place: Workplace,
  attempt: Attempt,
  statements: readonly ParsedStatement[],
): Promise<Finished> {
  const { link } = place
  const { name } = attempt.record
  const locking = lockTables(lockableAhead(statements), attempt.ddlLockTimeoutMs)
  const reset = link.simple(place.reset)
  const opened = link.simple(opening(place, attempt))
  const locked =
    locking === undefined
      ? undefined
      : link.simple(`${locking};\nset local statement_timeout = ${attempt.statementTimeoutMs}`)
  const answers = statements.map((statement) => link.simple(statement.text))
  const closed = link.simple(closing(place, attempt))
  const all = Promise.allSettled([reset, opened, locked, ...answers, closed])
  await turn()
  await turn()
  checkpoint('statement-sent', name)
  try {
    await reset
    const begun = await awaitOpening(place, opened)
    await locked?.catch((error: unknown) => {
      throw explainLocking(error, attempt)
    })
    await awaitStatements(answers, attempt)
    checkpoint('last-statement-done', name)
    return finish(begun, await closed)
  } finally {
    // Until the last answer is there, nobody knows what transaction the session is in.
    await all
  }
}

export function explainLocking(error: unknown, attempt: Attempt): unknown {
  if (sqlstateOf(error) !== '57014' || attempt.signal.aborted) return error
  const message = `its table locks were not free within ${attempt.ddlLockTimeoutMs} ms`
  return new LockBudgetSpent(message, { cause: error })
}

async function awaitStatements(answers: readonly Promise<unknown>[], attempt: Attempt): Promise<void> {
  for (const [index, answer] of answers.entries()) {
    const began = performance.now()
    try {
      await answer
    } catch (error) {
      throw new StatementError(index, error)
    }
    checkpoint('statement-done', attempt.record.name)
    attempt.onStatement(index, performance.now() - began)
  }
}

async function runCodeBody(
  place: Workplace,
  attempt: Attempt,
  run: (executor: Executor, checks: ReturnType<typeof createChecks>) => Promise<void>,
): Promise<Finished> {
  const { link } = place
  const reset = link.simple(place.reset)
  const opened = link.simple(opening(place, attempt))
  opened.catch(() => {})
  await reset
  const begun = await awaitOpening(place, opened)
  const { name } = attempt.record
  const executor = transactionExecutor(link, name)
  const commits = link.commits
  const isOutside = () => !link.lost && (link.transactionStatus === 'I' || link.commits !== commits)
  try {
    await run(executor, createChecks(executor))
  } catch (error) {
    if (isOutside()) throw new TransactionEscaped(name, { cause: error })
    throw error
  }
  checkpoint('last-statement-done', name)
  if (isOutside()) throw new TransactionEscaped(name)
  const within = link.simple(currentTransaction)
  const closed = link.simple(closing(place, attempt))
  closed.catch(() => {})
  // A transaction that the migration began instead of ours is read-only, and the closing would only fail in it.
  if (xidOf(await within) !== xidOf(begun)) throw new TransactionEscaped(name)
  return finish(begun, await closed)
}

function transactionExecutor(link: Link, name: string): Executor {
  return {
    async query(text, values) {
      const control = transactionControlOf(text)
      // A savepoint is fine; so is anything that leaves the transaction open.
      if (control !== undefined && control !== 'other') {
        throw new Error(
          `slipway opens and ends the transaction; the migration may not send: ${text.trim().slice(0, 40)}`,
        )
      }
      const rows = await sendQuery(link, text, values, name)
      if (link.transactionStatus === 'I') throw new TransactionEscaped(name)
      return rows
    },
  }
}

/** Rows of the last statement that returned any. */
export async function sendQuery(
  link: Link,
  text: string,
  values: readonly unknown[],
  name: string,
): Promise<Row[]> {
  const answer =
    values.length === 0
      ? link.simple(text).then((results) => [...(results.at(-1)?.rows ?? [])])
      : link.extended(text, values)
  answer.catch(() => {})
  await turn()
  await turn()
  checkpoint('statement-sent', name)
  const rows = await answer
  checkpoint('statement-done', name)
  return rows
}
