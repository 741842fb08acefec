/** One attempt at a transactional migration: history row and effects in one commit. */
import { setImmediate as turn } from 'node:timers/promises'
import { checkpoint } from '../../events.ts'
import { transactionControlOf } from '../../sql/transaction-control.ts'
import {
  type Attempt,
  type CodeBody,
  CommitUnanswered,
  type Executor,
  type Row,
  type SqlBody,
  TransactionEscaped,
} from '../dialect.ts'
import { dropAhead, sendAhead, takeAhead } from './ahead.ts'
import { createChecks } from './checks.ts'
import { createCodeExecutor } from './code-executor.ts'
import type { Link, ResultSet } from './link.ts'
import { openLater } from './operations/later.ts'
import { isForgotten } from './prepared-rows.ts'
import { awaitSqlBody, lockAhead, type SentBody, sendSqlBody } from './sql-body.ts'
import {
  awaitOpening,
  closing,
  currentTransaction,
  type Finished,
  finish,
  opening,
  xidOf,
} from './transaction-texts.ts'
import { withinSavepoint } from './whole.ts'
import { sendReset, type Workplace } from './workplace.ts'

export async function applyInTransaction(place: Workplace, attempt: Attempt): Promise<void> {
  try {
    requireIntact(place, attempt, await runBody(place, attempt))
    checkpoint('history-row-written', attempt.record.name)
    await commit(place, attempt)
  } catch (error) {
    await dropAhead(place)
    await place.leave(error)
    throw error
  }
}

/** The migration and its bookkeeping, from `place.begin` to just before the commit. */
export function runBody(place: Workplace, attempt: Attempt): Promise<Finished> {
  return attempt.body.kind === 'sql'
    ? runSqlBody(place, attempt, attempt.body)
    : runCodeBody(place, attempt, attempt.body)
}

async function runSqlBody(place: Workplace, attempt: Attempt, body: SqlBody): Promise<Finished> {
  const ahead = await takeAhead(place, attempt)
  const telling = tellingOnce(attempt)
  try {
    return await awaitSqlBody(place, ahead ?? (await send()), telling)
  } catch (error) {
    if (!isForgotten(error)) throw error
    await place.leave(error)
    return await awaitSqlBody(place, await send('spelled out'), telling)
  }

  async function send(rows?: 'spelled out'): Promise<SentBody> {
    const sent = sendSqlBody(place, attempt, body, rows)
    // Two turns of the event loop: the driver writes in the first.
    await turn()
    await turn()
    return sent
  }
}

/** Of a second attempt only the statements are told that the first did not come to. */
function tellingOnce(attempt: Attempt): Attempt['onStatement'] {
  let told = 0
  return (index, durationMs) => {
    if (index < told) return
    told = index + 1
    attempt.onStatement(index, durationMs)
  }
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
  const answer = link.simple(place.commit)
  answer.catch(() => {})
  sendAhead(place, attempt.next?.())
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

async function runCodeBody(
  place: Workplace,
  attempt: Attempt,
  { run, statements }: CodeBody,
): Promise<Finished> {
  const { link } = place
  const reset = sendReset(place)
  const opened = link.simple(opening(place, attempt))
  opened.catch(() => {})
  await reset
  const begun = await awaitOpening(place, opened, attempt)
  if (statements !== undefined) await lockAhead(place, attempt, statements)
  const { name } = attempt.record
  const inner = transactionExecutor(link, name)
  const executor = createCodeExecutor(inner)
  const enclose = <T>(work: () => Promise<T>) => executor.exclusively(() => withinSavepoint(link, work))
  const commits = link.commits
  const isOutside = () => !link.lost && (link.transactionStatus === 'I' || link.commits !== commits)
  try {
    await run(executor, createChecks(executor), openLater({ executor: inner, enclose }))
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
  return finish(place, begun, await closed)
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
