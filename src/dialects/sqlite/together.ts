/** Several migrations in one transaction: all of them are there in the end, or none. */

import { checkpoint } from '../../events.ts'
import { quoteSqliteId } from '../../sql/quote.ts'
import type { TogetherListener, TogetherPart } from '../dialect.ts'
import { type Handle, runStatement } from './driver.ts'
import { dropsAnyTable, type Enforcement, setEnforcement } from './foreign-keys.ts'
import { EnforcementInTheWay } from './guard.ts'
import type { HistoryTables } from './history.ts'
import { readState, writeLog, writeRow } from './history-rows.ts'
import type { BusyOptions } from './poll.ts'
import type { Store } from './store.ts'
import { applyWithin } from './transaction.ts'
import { beginWrite, commitWrite, rollbackQuietly } from './write-transaction.ts'

/** See Session.applyTogether. Enforcement of foreign keys is one for all, since only BEGIN decides it. */
export async function applyTogether(
  store: Store,
  tables: HistoryTables,
  { parts, listener }: { readonly parts: readonly TogetherPart[]; readonly listener: TogetherListener },
): Promise<void> {
  const dropsTables = parts.some(
    (part) =>
      part.kind === 'apply' &&
      part.attempt.body.kind === 'sql' &&
      dropsAnyTable(part.attempt.body.statements),
  )
  const run = (enforcement: Enforcement) =>
    store.write((handle) => applyOnce({ handle, tables, enforcement }, parts, listener))
  if (dropsTables) return await run('off')
  try {
    await run('on')
  } catch (error) {
    if (!(error instanceof EnforcementInTheWay)) throw error
    await run('off')
  }
}

interface Ground {
  readonly handle: Handle
  readonly tables: HistoryTables
  readonly enforcement: Enforcement
}

async function applyOnce(
  { handle, tables, enforcement }: Ground,
  parts: readonly TogetherPart[],
  listener: TogetherListener,
): Promise<void> {
  const busy = busyOf(parts)
  setEnforcement(handle, enforcement)
  await beginWrite(handle, busy)
  let name = ''
  try {
    for (const [index, part] of parts.entries()) {
      listener.begin(index)
      if (part.kind === 'apply') {
        name = part.attempt.record.name
        await applyWithin(handle, tables, part.attempt, enforcement)
        dropTemporary(handle)
      } else if (readState(handle, tables, part.record.name) === undefined) {
        writeRow(handle, tables, part.record, { state: 'skipped', durationMs: 0, statementsDone: 0 })
        writeLog(handle, tables, part.record, { event: 'skip' })
      }
      listener.end(index)
    }
    checkpoint('commit-sent', name)
    await commitWrite(handle, busy)
    checkpoint('committed', name)
  } finally {
    rollbackQuietly(handle)
  }
}

/** The app waits for the whole, so the shortest budget counts. */
function busyOf(parts: readonly TogetherPart[]): BusyOptions {
  const attempts = parts.flatMap((part) => (part.kind === 'apply' ? [part.attempt] : []))
  const [first] = attempts
  const budgetMs = Math.min(...attempts.map(({ ddlLockTimeoutMs }) => ddlLockTimeoutMs))
  return first === undefined ? { budgetMs: 10_000 } : { budgetMs, signal: first.signal }
}

/** Migrations of their own have connections of their own, and nothing temporary in common. */
function dropTemporary(handle: Handle): void {
  const left = runStatement(
    handle,
    "select type, name from temp.sqlite_schema where type in ('table', 'view') order by type desc",
  )
  for (const { type, name } of left)
    runStatement(handle, `drop ${String(type)} if exists temp.${quoteSqliteId(String(name))}`)
}
