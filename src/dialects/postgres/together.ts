/** Several migrations in one transaction: all of them are there in the end, or none. */
import { checkpoint } from '../../events.ts'
import type { Attempt, TogetherListener, TogetherPart } from '../dialect.ts'
import { insertDone, insertLog } from './history-rows.ts'
import { LockBudgetSpent } from './lock-budget.ts'
import { lockableAhead, lockTables } from './prelock.ts'
import { asWriter } from './privileges.ts'
import { explainLocking } from './sql-body.ts'
import { commit, requireIntact, runBody } from './transaction.ts'
import { leaveTransaction, sendReset, type Workplace } from './workplace.ts'

export async function applyTogether(
  place: Workplace,
  parts: readonly TogetherPart[],
  listener: TogetherListener,
): Promise<void> {
  const { link } = place
  const attempts = parts.flatMap((part) => (part.kind === 'apply' ? [part.attempt] : []))
  try {
    await sendReset(place)
    await begin(place, attempts)
    let isFirst = true
    for (const [index, part] of parts.entries()) {
      listener.begin(index)
      if (part.kind === 'apply') {
        await runPart(place, part.attempt, isFirst)
        isFirst = false
      } else {
        const { record } = part
        const rows = `${insertDone(place.names, record, 'skipped')};\n${insertLog(place.names, 'skip', record)}`
        await asWriter(place.names, place.role, () => link.simple(`${place.reset};\n${rows}`))
      }
      listener.end(index)
    }
    const last = attempts.at(-1)
    if (last === undefined) await link.simple('commit')
    else await commit(place, last)
  } catch (error) {
    await leaveTransaction(link)
    throw error
  }
}

/** A notice belongs to the part that began last. */
export function listenInTurn(
  parts: readonly TogetherPart[],
  listener: TogetherListener,
): Pick<Attempt, 'onNotice'> & Pick<TogetherListener, 'begin'> {
  let current: TogetherPart | undefined
  return {
    onNotice: (message) => {
      if (current?.kind === 'apply') current.attempt.onNotice(message)
    },
    begin: (index) => {
      current = parts[index]
      listener.begin(index)
    },
  }
}

/** Takes every table lock that any of them will need, in order, before the first one works. */
async function begin(place: Workplace, attempts: readonly Attempt[]): Promise<void> {
  const { link, names } = place
  const budgets = attempts.map(({ ddlLockTimeoutMs }) => ddlLockTimeoutMs)
  const budgetMs = budgets.includes(0) ? 0 : Math.min(...budgets)
  await asWriter(names, place.role, () =>
    link.simple(`begin transaction read write;
set local lock_timeout = ${Number.isFinite(budgetMs) ? budgetMs : 0};
lock table ${names.history} in share row exclusive mode`),
  )
  const statements = attempts.flatMap(({ body }) => (body.kind === 'sql' ? body.statements : []))
  const locking = lockTables(lockableAhead(statements), budgetMs)
  const [first] = attempts
  if (locking !== undefined && first !== undefined)
    await link.simple(locking).catch((error: unknown) => {
      const explained = explainLocking(error, first)
      throw explained instanceof LockBudgetSpent
        ? new LockBudgetSpent(`the table locks of all of them were not free within ${budgetMs} ms`, {
            cause: error,
          })
        : explained
    })
}

async function runPart(place: Workplace, attempt: Attempt, isFirst: boolean): Promise<void> {
  // What the session has prepared is gone with the first reset.
  const { rows: _, ahead: __, ...plain } = place
  const within: Workplace = {
    ...plain,
    begin: '',
    since: 'applied_at',
    reset: isFirst ? place.reset : `${place.reset};\n${resetConstraints}`,
  }
  requireIntact(within, attempt, await runBody(within, attempt))
  checkpoint('history-row-written', attempt.record.name)
}

/**
 * The one before ended with `set constraints all immediate`, which lasts to the end of the transaction. Each constraint
 * goes back to what it was declared as; https://www.postgresql.org/docs/current/sql-set-constraints.html
 */
const resetConstraints = `set constraints all deferred;
do $slipway$ declare
  target text;
begin
  for target in
    select pg_catalog.format('%I.%I', n.nspname, c.conname)
    from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace
    where c.condeferrable and not c.condeferred
  loop
    execute 'set constraints ' || target || ' immediate';
  end loop;
end $slipway$`
