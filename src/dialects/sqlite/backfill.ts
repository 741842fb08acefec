/** A backfill: pages of a table in the order of a key, each in a transaction that also writes down how far it came. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { checkpoint } from '../../events.ts'
import { quoteSqliteId } from '../../sql/quote.ts'
import { compareBackfill, defineBackfill } from '../backfill-before.ts'
import type { BackfillRequest, BackfillState, BackfillTask, SqlText } from '../dialect.ts'
import { chooseKey, type KeyColumn } from './backfill-key.ts'
import { changeRows } from './backfill-rows.ts'
import { runRaw, runStatement } from './driver.ts'
import { requireTable } from './own-table.ts'
import type { BusyOptions } from './poll.ts'
import {
  ensureProgressTable,
  insertProgress,
  type Mark,
  type Progress,
  readMigrationId,
  readProgress,
  updateProgress,
} from './progress-table.ts'
import { sendStatement } from './send.ts'
import type { StepwiseRun } from './stepwise-run.ts'
import type { SqliteValue } from './values.ts'
import { beginWrite, commitWrite, rollbackQuietly, withWriteTransaction } from './write-transaction.ts'

export interface Backfill {
  readonly run: StepwiseRun
  readonly request: BackfillRequest
  readonly busy: BusyOptions
  /** `"schema"."table"` */
  readonly sql: string
  readonly key: readonly KeyColumn[]
}

export async function openBackfill(
  run: StepwiseRun,
  busy: BusyOptions,
  request: BackfillRequest,
): Promise<BackfillTask> {
  const { handle, tables, attempt } = run
  const { table } = await requireTable(run, request.table)
  const key = chooseKey(handle, table, request.key)
  const sql = `${quoteSqliteId(table.schema)}.${quoteSqliteId(table.name)}`
  const backfill: Backfill = { run, request, busy, sql, key }
  const name = request.name ?? `${table.name}${request.ordinal === 0 ? '' : ` ${request.ordinal + 1}`}`
  const definition = defineBackfill(key, request.definition)
  const [first, before] = await withWriteTransaction(handle, busy, () => {
    ensureProgressTable(handle, tables)
    const migrationId = readMigrationId(handle, tables, attempt)
    const found = readProgress(handle, tables, { migrationId, name })
    const compared = compareBackfill(found, definition)
    const isNew = found === undefined || compared === 'none'
    return [isNew ? measure(backfill, { migrationId, name }) : found, compared] as const
  })
  let progress: Progress = { ...first, definition }
  let isWritten = before === 'same'
  return {
    table: table.name,
    name,
    before,
    start: stateOf(progress),
    async batch(size) {
      if (!isWritten) {
        await withWriteTransaction(handle, busy, () => insertProgress(handle, tables, progress))
        isWritten = true
      }
      if (!progress.isDone) progress = await runBatch(backfill, progress, size)
      return stateOf(progress)
    },
  }
}

function stateOf({ seen, changed, total, isDone }: Progress): BackfillState {
  return { seen, changed, total, isDone }
}

/** Rows that come after the last one of now are the app's own: it already writes them as they should be. */
function measure(
  { run: { handle }, sql, key }: Backfill,
  identity: Pick<Progress, 'migrationId' | 'name'>,
): Omit<Progress, 'definition'> {
  const [last] = runRaw(
    handle,
    `select ${columnsOf(key)} from ${sql} order by ${orderOf(key, 'desc')} limit 1`,
  )
  const [count] = runStatement(handle, `select count(*) as n from ${sql}`)
  const until = last === undefined ? undefined : Object.values(last)
  return {
    ...identity,
    last: undefined,
    until,
    seen: 0,
    changed: 0,
    total: Number(count?.n),
    isDone: until === undefined,
  }
}

/** By hand, since a function of the migration may have to be awaited in the middle. */
async function runBatch(backfill: Backfill, progress: Progress, size: number): Promise<Progress> {
  const { run, busy } = backfill
  const { handle, tables, attempt } = run
  const { record } = attempt
  await nextTurn()
  await beginWrite(handle, busy)
  try {
    const page = findPage(backfill, progress, size)
    checkpoint('statement-sent', record.name)
    const changed = page === undefined ? 0 : await change(backfill, { after: progress.last, upTo: page.last })
    const next: Progress = {
      ...progress,
      last: page?.last ?? progress.last,
      seen: progress.seen + (page?.rows ?? 0),
      changed: progress.changed + changed,
      isDone: page === undefined || page.rows < size,
    }
    updateProgress(handle, tables, { step: attempt, progress: next })
    checkpoint('last-statement-done', record.name)
    await commitWrite(handle, busy)
    checkpoint('statement-done', record.name)
    return next
  } finally {
    rollbackQuietly(handle)
  }
}

export interface Range {
  readonly after: Mark | undefined
  readonly upTo: Mark
}

/** The last of the next `size` rows, by the index of the key alone. */
function findPage(
  { run: { handle }, request, sql, key }: Backfill,
  progress: Progress,
  size: number,
): { readonly last: Mark; readonly rows: number } | undefined {
  if (progress.until === undefined) return undefined
  const range = rangeOf(key, { after: progress.last, upTo: progress.until })
  const text = `select ${columnsOf(key)}, count(*) over () as seen
from (select ${columnsOf(key)} from ${sql} where ${range.text} order by ${orderOf(key, 'asc')} limit ${size})
order by ${orderOf(key, 'desc')} limit 1`
  request.say(text)
  const [row] = runRaw(handle, text, range.values)
  if (row === undefined) return undefined
  const { seen, ...last } = row
  return { last: Object.values(last), rows: Number(seen) }
}

async function change(backfill: Backfill, range: Range): Promise<number> {
  const { run, request, sql } = backfill
  if (request.change.kind === 'rows') return await changeRows(backfill, request.change.rows, range)
  const set = spell(request.change.set)
  const rows = rowsOf(backfill, range)
  const text = `update ${sql} set ${set.text}\nwhere ${rows.text}`
  request.say(text)
  sendStatement(run.handle, { text, sentAt: 0 }, [...set.values, ...rows.values])
  const [row] = runStatement(run.handle, 'select changes() as n')
  return Number(row?.n)
}

interface Spelled {
  readonly text: string
  readonly values: readonly unknown[]
}

function spell({ strings, values }: SqlText): Spelled {
  return { text: strings.join('?'), values }
}

/** A comment at the end of the condition must not swallow what follows. */
export function rowsOf({ request, key }: Backfill, range: Range): Spelled {
  const within = rangeOf(key, range)
  if (request.where === undefined) return within
  const where = spell(request.where)
  return { text: `${within.text}\n  and (${where.text}\n)`, values: [...within.values, ...where.values] }
}

/** One comparison of rows: only that form uses a composite index; https://www.sqlite.org/rowvalue.html */
function rangeOf(
  key: readonly KeyColumn[],
  { after, upTo }: Range,
): { text: string; values: readonly SqliteValue[] } {
  const columns = key.map(({ collated }) => collated).join(', ')
  const places = key.map(() => '?').join(', ')
  const until = `(${columns}) <= (${places})`
  if (after === undefined) return { text: until, values: upTo }
  return { text: `(${columns}) > (${places}) and ${until}`, values: [...after, ...upTo] }
}

function columnsOf(key: readonly KeyColumn[]): string {
  return key.map(({ sql }) => sql).join(', ')
}

export function orderOf(key: readonly KeyColumn[], direction: 'asc' | 'desc'): string {
  return key.map(({ collated }) => `${collated} ${direction}`).join(', ')
}
