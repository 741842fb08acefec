/** Non-transactional migrations: intent first, one statement at a time, progress after each, so that a crash can be resumed. */
import { checkpoint } from '../../events.ts'
import type { ParsedStatement } from '../../sql/statement.ts'
import {
  CommitUnanswered,
  type Executor,
  type RunCode,
  StatementError,
  type StepwiseAttempt,
} from '../dialect.ts'
import { settingsBefore } from './carried-settings.ts'
import { createChecks } from './checks.ts'
import { createCodeExecutor } from './code-executor.ts'
import { prepareConcurrentIndex, requireValidIndex } from './concurrent-index.ts'
import { sqlstateOf } from './errors.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'
import { createLongWork } from './long-work.ts'
import { literal } from './naming.ts'
import { openLater } from './operations/later.ts'
import { writeEnd, writeIntent, writeProgress } from './stepwise-rows.ts'
import { sendQuery } from './transaction.ts'
import { withinAny } from './whole.ts'
import { leaveTransaction, sendReset, type Workplace, writeHistory } from './workplace.ts'

export async function applyStepwise(place: Workplace, given: StepwiseAttempt): Promise<void> {
  const { link } = place
  const began = performance.now()
  await sendReset(place)
  const attempt = given.resume ? await probeInterrupted(place, given) : given
  await writeIntent(place, attempt)
  checkpoint('intent-written', attempt.record.name)
  try {
    if (attempt.body.kind === 'sql') await runUnits(place, attempt, attempt.body.statements)
    else await runCode(place, attempt, attempt.body.run)
  } catch (error) {
    await leaveTransaction(link)
    throw error
  }
  await finish(place, attempt, began)
}

/**
 * What an interruption left of CREATE or DROP INDEX CONCURRENTLY is looked at before the intent is written anew: then
 * an index that is younger than the history row is the interrupted statement's.
 */
async function probeInterrupted(place: Workplace, attempt: StepwiseAttempt): Promise<StepwiseAttempt> {
  const { link, names } = place
  const { body, statementsDone } = attempt
  const concurrent = body.kind === 'sql' ? body.statements[statementsDone]?.concurrentIndex : undefined
  if (concurrent === undefined) return attempt
  const [row] = await readOnly(
    link,
    `select xmin::text as xid from ${names.history} where name = ${literal(attempt.record.name)}`,
  )
  await link.simple(writable(attempt.statementTimeoutMs, 0))
  const isDone = await prepareConcurrentIndex(link, concurrent, attempt, String(row?.xid))
  return isDone ? { ...attempt, statementsDone: statementsDone + 1 } : attempt
}

async function finish(place: Workplace, attempt: StepwiseAttempt, began: number): Promise<void> {
  const { names } = place
  checkpoint('last-statement-done', attempt.record.name)
  const results = await writeHistory(place, writeEnd(names, attempt, performance.now() - began)).catch(
    (error: unknown) => {
      throw place.link.lost ? new CommitUnanswered(attempt.record.name, { cause: error }) : error
    },
  )
  if (results[0]?.rows.length !== 1) throw new Error(`the row of this migration in ${names.shown} is gone`)
  checkpoint('committed', attempt.record.name)
}

async function runCode(place: Workplace, attempt: StepwiseAttempt, run: RunCode): Promise<void> {
  const { link } = place
  await link.simple(writable(attempt.statementTimeoutMs, attempt.ddlLockTimeoutMs))
  const inner: Executor = { query: (text, values) => sendQuery(link, text, values, attempt.record.name) }
  const executor = createCodeExecutor(inner)
  const enclose = <T>(work: () => Promise<T>) => executor.exclusively(() => withinAny(place, work))
  await run(
    executor,
    createChecks(executor),
    openLater({ executor: inner, enclose }),
    createLongWork(place, attempt),
  )
}

function writable(statementTimeoutMs: number, lockTimeoutMs: number): string {
  return `set default_transaction_read_only = off;
set statement_timeout = ${statementTimeoutMs};
set lock_timeout = ${lockTimeoutMs}`
}

/** What is sent and recorded together: one statement, or a begin … commit group. `from` is the first's index. */
interface Unit {
  readonly from: number
  readonly statements: readonly ParsedStatement[]
}

function groupUnits(statements: readonly ParsedStatement[]): Unit[] {
  const units: Unit[] = []
  let open: ParsedStatement[] = []
  for (const [index, statement] of statements.entries()) {
    open.push(statement)
    const control = statement.transactionControl
    const isInside = open[0]?.transactionControl === 'begin' && control !== 'commit' && control !== 'rollback'
    if (isInside && index < statements.length - 1) continue
    units.push({ from: index - open.length + 1, statements: open })
    open = []
  }
  return units
}

/** What is known to be done is told when it is recorded, so its time is kept until then: milliseconds by index. */
interface TimedAttempt extends StepwiseAttempt {
  readonly spent: Map<number, number>
}

async function runUnits(
  place: Workplace,
  attempt: StepwiseAttempt,
  statements: readonly ParsedStatement[],
): Promise<void> {
  const timed: TimedAttempt = { ...attempt, spent: new Map() }
  for (const unit of groupUnits(statements)) {
    const done = unit.from + unit.statements.length
    if (done <= attempt.statementsDone) continue
    await runUnit(place, timed, unit)
    for (const offset of unit.statements.keys()) {
      const index = unit.from + offset
      attempt.onStatement(index, timed.spent.get(index) ?? 0)
    }
  }
}

async function runUnit(place: Workplace, attempt: TimedAttempt, unit: Unit): Promise<void> {
  const [statement] = unit.statements
  if (statement === undefined) return
  if (unit.statements.length > 1) return runGroup(place, attempt, unit)
  if (statement.transaction === 'any') {
    const isDone = await runInOwnTransaction(place, attempt, unit.from, statement)
    if (isDone) return
  }
  return runAlone(place, attempt, unit.from, statement)
}

/** Bookkeeping left our settings behind; what the file itself has set up to here applies again, also after a crash. */
async function settle({ link, settle }: Workplace, { body }: StepwiseAttempt, index: number): Promise<void> {
  const carried = body.kind === 'sql' ? settingsBefore(body.statements, index) : []
  await link.simple([settle, ...carried].join(';\n'))
}

/**
 * The statement and its bookkeeping commit together: after a crash it is done or it is not. False: the server refuses
 * it in a transaction (25001), which only the catalogue could tell, such as `reindex table` of a partitioned one.
 */
async function runInOwnTransaction(
  place: Workplace,
  attempt: TimedAttempt,
  index: number,
  statement: ParsedStatement,
): Promise<boolean> {
  const { link, names } = place
  await settle(place, attempt, index)
  await link.simple(
    `begin transaction read write;
set local lock_timeout = ${attempt.ddlLockTimeoutMs};
set local statement_timeout = ${attempt.statementTimeoutMs}`,
  )
  try {
    await send(link, attempt, index, statement)
  } catch (error) {
    if (!(error instanceof StatementError) || sqlstateOf(error.cause) !== '25001') throw error
    await leaveTransaction(link)
    return false
  }
  await link.simple(
    `${place.identity};
set local statement_timeout = 0;
${writeProgress(names, attempt, index + 1)};
commit`,
  )
  checkpoint('statement-done', attempt.record.name)
  return true
}

/** The server refuses it in a transaction, so its bookkeeping follows; what a crash in between leaves, probeInterrupted sees. */
async function runAlone(
  place: Workplace,
  attempt: TimedAttempt,
  index: number,
  statement: ParsedStatement,
): Promise<void> {
  const { link, names } = place
  // A short lock timeout would end CREATE INDEX CONCURRENTLY while it waits for old snapshots and leave it INVALID.
  const lockTimeout = statement.transaction === 'refused' ? 0 : attempt.ddlLockTimeoutMs
  await settle(place, attempt, index)
  await link.simple(writable(attempt.statementTimeoutMs, lockTimeout))
  const concurrent = statement.concurrentIndex
  await send(link, attempt, index, statement)
  if (concurrent?.action === 'create') await requireValidIndex(link, concurrent, index)
  await writeHistory(place, writeProgress(names, attempt, index + 1))
  checkpoint('statement-done', attempt.record.name)
}

async function runGroup(place: Workplace, attempt: TimedAttempt, unit: Unit): Promise<void> {
  const { link, names } = place
  const done = unit.from + unit.statements.length
  await settle(place, attempt, unit.from)
  await link.simple(writable(attempt.statementTimeoutMs, attempt.ddlLockTimeoutMs))
  for (const [offset, statement] of unit.statements.entries()) {
    if (offset === unit.statements.length - 1 && statement.transactionControl === 'commit') {
      await link.simple(
        `${place.identity};\nset local statement_timeout = 0;\n${writeProgress(names, attempt, done)}`,
      )
    }
    await send(link, attempt, unit.from + offset, statement)
  }
  if (unit.statements.at(-1)?.transactionControl !== 'commit') {
    await leaveTransaction(link)
    await writeHistory(place, writeProgress(names, attempt, done))
  }
  checkpoint('statement-done', attempt.record.name)
}

async function send(
  link: Link,
  attempt: TimedAttempt,
  index: number,
  statement: ParsedStatement,
): Promise<void> {
  const began = performance.now()
  try {
    const answer = link.simple(statement.text)
    answer.catch(() => {})
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    checkpoint('statement-sent', attempt.record.name)
    await answer
    attempt.spent.set(index, performance.now() - began)
  } catch (error) {
    throw new StatementError(index, error)
  }
}
