/** A migration in SQL: all of it is sent before the first answer is awaited. */
import { checkpoint } from '../../events.ts'
import type { ParsedStatement } from '../../sql/statement.ts'
import { type Attempt, type SqlBody, StatementError } from '../dialect.ts'
import { sqlstateOf } from './errors.ts'
import type { ResultSet } from './link.ts'
import { LockBudgetSpent } from './lock-budget.ts'
import { lockableAhead, lockTables } from './prelock.ts'
import { mayForget, prepareRows } from './prepared-rows.ts'
import { awaitOpening, closing, type Finished, finish, opening, proofs } from './transaction-texts.ts'
import { type SessionRows, sendReset, type Workplace } from './workplace.ts'

/** On its way to the server, nothing of it awaited yet; what fails is kept for who awaits it. */
export interface SentBody {
  readonly attempt: Attempt
  readonly reset: Promise<ResultSet[]>
  readonly opened: Promise<ResultSet[]>
  readonly locked: Promise<ResultSet[]> | undefined
  readonly answers: readonly Promise<ResultSet[]>[]
  readonly closed: Promise<ResultSet[]>
  /** Never rejects. Until the last answer is there, nobody knows what transaction the session is in. */
  readonly all: Promise<unknown>
}

/** Once one part fails the transaction is lost, and the server refuses the rest (25P02). */
export function sendSqlBody(
  place: Workplace,
  attempt: Attempt,
  { statements }: SqlBody,
  rows?: 'spelled out',
): SentBody {
  const { link } = place
  const locking = lockingOf(attempt, statements)
  // Its own statements must find no name taken, nor leave one behind, so it is given what a reset leaves.
  const isPrepared =
    rows !== 'spelled out' &&
    place.rows !== undefined &&
    attempt.reverts === undefined &&
    !mayForget(statements)
  const reset = isPrepared ? resetAndPrepare(place, place.rows) : sendReset(place)
  const opened = link.simple(opening(place, attempt, isPrepared))
  const locked = locking === undefined ? undefined : link.simple(locking)
  const answers = statements.map((statement) => link.simple(statement.text))
  const closed = link.simple(closing(place, attempt, isPrepared))
  const all = Promise.allSettled([reset, opened, locked, ...answers, closed])
  return { attempt, reset, opened, locked, answers, closed, all }
}

function lockingOf(attempt: Attempt, statements: readonly ParsedStatement[]): string | undefined {
  const locking = lockTables(lockableAhead(statements), attempt.ddlLockTimeoutMs)
  return locking === undefined
    ? undefined
    : `${locking};\nset local statement_timeout = ${attempt.statementTimeoutMs}`
}

/** For statements that are sent one by one. */
export async function lockAhead(
  { link }: Workplace,
  attempt: Attempt,
  statements: readonly ParsedStatement[],
): Promise<void> {
  const locking = lockingOf(attempt, statements)
  if (locking === undefined) return
  await link.simple(locking).catch((error: unknown) => {
    throw explainLocking(error, attempt)
  })
}

/** In one message: the reset ends what an earlier migration may have prepared. */
function resetAndPrepare({ link, names, reset }: Workplace, rows: SessionRows): Promise<ResultSet[]> {
  const { prepared, tidy } = rows
  if (prepared.ready) return link.simple(tidy)
  prepared.ready = true
  return link.simple(`${reset};\n${prepareRows(names, proofs)}`)
}

export async function awaitSqlBody(
  place: Workplace,
  sent: SentBody,
  onStatement: Attempt['onStatement'],
): Promise<Finished> {
  const { attempt } = sent
  const { name } = attempt.record
  checkpoint('statement-sent', name)
  try {
    await sent.reset
    const begun = await awaitOpening(place, sent.opened, attempt)
    await sent.locked?.catch((error: unknown) => {
      throw explainLocking(error, attempt)
    })
    await awaitStatements(sent.answers, name, onStatement)
    checkpoint('last-statement-done', name)
    return finish(place, begun, await sent.closed)
  } finally {
    await sent.all
  }
}

export function explainLocking(error: unknown, attempt: Attempt): unknown {
  if (sqlstateOf(error) !== '57014' || attempt.signal.aborted) return error
  const message = `its table locks were not free within ${attempt.ddlLockTimeoutMs} ms`
  return new LockBudgetSpent(message, { cause: error })
}

async function awaitStatements(
  answers: readonly Promise<unknown>[],
  name: string,
  onStatement: Attempt['onStatement'],
): Promise<void> {
  for (const [index, answer] of answers.entries()) {
    const began = performance.now()
    try {
      await answer
    } catch (error) {
      throw new StatementError(index, error)
    }
    checkpoint('statement-done', name)
    onStatement(index, performance.now() - began)
  }
}
