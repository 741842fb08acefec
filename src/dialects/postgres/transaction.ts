/** One attempt at a transactional migration: two round trips for SQL, history row and effects in one commit. */
import { setImmediate as turn } from 'node:timers/promises'
import { checkpoint } from '../../events.ts'
import { combineLocks } from '../../sql/combine-locks.ts'
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
import { LockBudgetSpent, lockTables } from './prelock.ts'
import { leaveTransaction, type Workplace } from './workplace.ts'

export async function applyInTransaction(place: Workplace, attempt: Attempt): Promise<void> {
  try {
    const begun =
      attempt.body.kind === 'sql'
        ? await sendSqlBody(place, attempt, attempt.body.statements)
        : await runCodeBody(place, attempt, attempt.body.run)
    await commit(place, attempt, begun)
  } catch (error) {
    await leaveTransaction(place.link)
    throw error
  }
}

/** Anything but an open transaction at this point means that the migration ended it. */
async function commit(place: Workplace, attempt: Attempt, finished: Finished): Promise<void> {
  const { link } = place
  const { name } = attempt.record
  if (link.transactionStatus !== 'T' || finished.xidBefore !== finished.xidAfter)
    throw new TransactionEscaped(name)
  if (finished.rows !== 1) throw new Error(`the migration removed its own row from ${place.names.shown}`)
  checkpoint('history-row-written', name)
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

interface Finished {
  readonly xidBefore: unknown
  readonly xidAfter: unknown
  /** History rows that were marked applied. */
  readonly rows: number
}

function opening(place: Workplace, attempt: Attempt): string {
  return `begin transaction read write;
set local lock_timeout = ${attempt.ddlLockTimeoutMs};
lock table ${place.names.history} in share row exclusive mode;
${insertStarted(place.names, attempt.record)};
set local statement_timeout = ${attempt.statementTimeoutMs};
select pg_catalog.pg_current_xact_id()::text as xid`
}

/**
 * In whatever role, search_path and timeout the migration left us. Its deferred constraints are checked before any of
 * that is undone: their triggers belong to the migration.
 */
function closing(place: Workplace, attempt: Attempt): string {
  return `set constraints all immediate;
reset session authorization;
reset role;
set local search_path = pg_catalog;
set local statement_timeout = 0;
set local lock_timeout = 0;
${markApplied(place.names, attempt.record, 'pg_catalog.transaction_timestamp()')};
${insertLog(place.names, 'up', attempt.record)};
select pg_catalog.pg_current_xact_id_if_assigned()::text as xid`
}

function finish(opened: readonly ResultSet[], closed: readonly ResultSet[]): Finished {
  return {
    xidBefore: opened.at(-1)?.rows[0]?.xid,
    xidAfter: closed.at(-1)?.rows[0]?.xid,
    rows: closed[0]?.rows.length ?? 0,
  }
}

function explainOpening(error: unknown, place: Workplace): unknown {
  const isOwnRow =
    isServerError(error) &&
    error.code === '23505' &&
    error.table_name === place.names.table &&
    error.schema_name === place.names.schema
  return isOwnRow ? new AlreadyRecorded('another runner recorded it first', { cause: error }) : error
}

/** Everything goes out at once. Once one part fails the transaction is lost, and the server refuses the rest (25P02). */
async function sendSqlBody(
  place: Workplace,
  attempt: Attempt,
  statements: readonly ParsedStatement[],
): Promise<Finished> {
  const { link } = place
  const { name } = attempt.record
  const locking = lockTables(combineLocks(statements), attempt.ddlLockTimeoutMs)
  const reset = link.simple(place.reset)
  const opened = link.simple(opening(place, attempt))
  const locked =
    locking === undefined
      ? undefined
      : link.simple(`${locking};\nset local statement_timeout = ${attempt.statementTimeoutMs}`)
  const answers = statements.map((statement) => link.simple(statement.text))
  const closed = link.simple(closing(place, attempt))
  for (const promise of [reset, opened, locked, ...answers, closed]) promise?.catch(() => {})
  await turn()
  await turn()
  checkpoint('statement-sent', name)
  await reset
  const begun = await opened.catch((error: unknown) => {
    throw explainOpening(error, place)
  })
  await locked?.catch((error: unknown) => {
    throw sqlstateOf(error) === '57014' && !attempt.signal.aborted
      ? new LockBudgetSpent(`its table locks were not free within ${attempt.ddlLockTimeoutMs} ms`, {
          cause: error,
        })
      : error
  })
  await awaitStatements(answers, attempt)
  checkpoint('last-statement-done', name)
  return finish(begun, await closed)
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
  const begun = await opened.catch((error: unknown) => {
    throw explainOpening(error, place)
  })
  const executor = transactionExecutor(link, attempt.record.name)
  try {
    await run(executor, createChecks(executor))
  } catch (error) {
    if (!link.lost && link.transactionStatus === 'I')
      throw new TransactionEscaped(attempt.record.name, { cause: error })
    throw error
  }
  checkpoint('last-statement-done', attempt.record.name)
  if (link.transactionStatus === 'I') throw new TransactionEscaped(attempt.record.name)
  return finish(begun, await link.simple(closing(place, attempt)))
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
