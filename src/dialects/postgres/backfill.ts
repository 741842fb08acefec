/** A backfill: pages of a table in the order of a key, each in a transaction that also writes down how far it came. */
import { checkpoint } from '../../events.ts'
import { compareBackfill, defineBackfill } from '../backfill-before.ts'
import type { BackfillRequest, BackfillState, BackfillTask, StepwiseAttempt } from '../dialect.ts'
import { chooseKey, type KeyColumn } from './backfill-key.ts'
import { changeRows } from './backfill-rows.ts'
import { readOnly } from './facts.ts'
import { type FoundTable, findTable } from './find-table.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'
import { commitOwn, withOwnTransaction } from './own-transaction.ts'
import {
  ensureProgressTable,
  insertProgress,
  type Mark,
  type Progress,
  readMigrationId,
  readProgress,
  updateProgress,
} from './progress-table.ts'
import { buildSql, type SqlBuilder } from './sql-builder.ts'
import type { Workplace } from './workplace.ts'

export interface Backfill {
  readonly place: Workplace
  readonly attempt: StepwiseAttempt
  readonly request: BackfillRequest
  readonly table: FoundTable
  readonly key: readonly KeyColumn[]
}

/** Rows after `after` (all from the first on without it), up to `upTo`. */
export interface Range {
  readonly after: Mark | undefined
  readonly upTo: Mark
}

export async function openBackfill(
  place: Workplace,
  attempt: StepwiseAttempt,
  request: BackfillRequest,
): Promise<BackfillTask> {
  const { link, names } = place
  await requireOwnRole(place)
  const table = await findTable(link, request.table)
  const key = await chooseKey(link, table, request.key)
  await tellHidden(place, attempt, table)
  const backfill: Backfill = { place, attempt, request, table, key }
  await ensureProgressTable(place)
  const name = request.name ?? `${table.shown}${request.ordinal === 0 ? '' : ` ${request.ordinal + 1}`}`
  const migrationId = await readMigrationId(link, names, attempt)
  const definition = defineBackfill(key, request.definition)
  const found = await readProgress(link, names, { migrationId, name })
  const before = compareBackfill(found, definition)
  let progress: Progress = {
    ...(found === undefined || before === 'none' ? await measure(backfill, { migrationId, name }) : found),
    definition,
  }
  let isWritten = before === 'same'
  return {
    table: table.shown,
    name,
    before,
    start: stateOf(progress),
    async batch(size) {
      if (!isWritten) {
        await withOwnTransaction(place, attempt, () => commitOwn(place, insertProgress(names, progress)))
        isWritten = true
      }
      if (!progress.isDone)
        progress = await withOwnTransaction(place, attempt, () => runBatch(backfill, progress, size))
      return stateOf(progress)
    },
  }
}

function stateOf({ seen, changed, total, isDone }: Progress): BackfillState {
  return { seen, changed, total, isDone }
}

/** The checkpoint is written by whoever does the work. */
async function requireOwnRole({ link, role }: Workplace): Promise<void> {
  const [row] = await readOnly(link, 'select current_user::text as name')
  if (row?.name !== role)
    throw new Error(
      `the migration works as ${row?.name}; reset role before a backfill, which works as ${role}`,
    )
}

/** An owner of a table is subject to its policies only if it is told so: that is easily forgotten. */
async function tellHidden({ link, role }: Workplace, attempt: StepwiseAttempt, { oid, shown }: FoundTable) {
  const [row] = await readOnly(
    link,
    `select pg_catalog.row_security_active(${literal(oid)}::pg_catalog.oid) as active`,
  )
  if (row?.active === true)
    attempt.onNotice(
      `row level security of ${shown} applies to ${role}: a backfill passes over the rows that its policies hide`,
    )
}

/** Rows that come after the last one of now are the app's own: it already writes them as they should be. */
async function measure(
  { place: { link }, table, key }: Backfill,
  identity: Pick<Progress, 'migrationId' | 'name'>,
): Promise<Omit<Progress, 'definition'>> {
  const [last] = await readOnly(
    link,
    `select ${key.map(asText).join(', ')} from ${table.sql} order by ${orderOf(key, 'desc')} limit 1`,
  )
  const until = last === undefined ? undefined : markOf(key, last)
  return {
    ...identity,
    last: undefined,
    until,
    seen: 0,
    changed: 0,
    total: until === undefined ? 0 : await estimateRows(link, table),
    isDone: until === undefined,
  }
}

/** More rows than this are not counted. */
const countUpTo = 100_000

async function estimateRows(link: Link, { oid, sql }: FoundTable): Promise<number | undefined> {
  const [estimate] = await readOnly(
    link,
    `select pg_catalog.sum(greatest(reltuples, 0))::pg_catalog.int8 as total
from pg_catalog.pg_class
where oid = ${literal(oid)}::pg_catalog.oid
  or oid in (select relid from pg_catalog.pg_partition_tree(${literal(oid)}::pg_catalog.oid::pg_catalog.regclass) where isleaf)`,
  )
  const total = Number(estimate?.total ?? 0)
  if (total > countUpTo) return total
  const [counted] = await readOnly(
    link,
    `select pg_catalog.count(*)::pg_catalog.int8 as total from (select from ${sql} limit ${countUpTo + 1}) as counted`,
  )
  const exact = Number(counted?.total ?? 0)
  return exact <= countUpTo ? exact : undefined
}

async function runBatch(backfill: Backfill, progress: Progress, size: number): Promise<Progress> {
  const { place, attempt } = backfill
  const page = await findPage(backfill, progress, size)
  if (page !== undefined && JSON.stringify(page.last) === JSON.stringify(progress.last))
    throw new Error(`the key of ${backfill.table.shown} does not get beyond ${progress.last}`)
  const changed = page === undefined ? 0 : await change(backfill, { after: progress.last, upTo: page.last })
  const next: Progress = {
    ...progress,
    last: page?.last ?? progress.last,
    seen: progress.seen + (page?.rows ?? 0),
    changed: progress.changed + changed,
    isDone: page === undefined || page.rows < size,
  }
  checkpoint('last-statement-done', attempt.record.name)
  const marked = await commitOwn(place, updateProgress(place.names, attempt, next))
  if (marked.length !== 1) throw new Error(`the row of this migration in ${place.names.shown} is gone`)
  checkpoint('statement-done', attempt.record.name)
  return next
}

/** The last of the next `size` rows, by the index of the key alone. */
async function findPage(
  { place: { link }, table, key, request }: Backfill,
  progress: Progress,
  size: number,
): Promise<{ readonly last: Mark; readonly rows: number } | undefined> {
  if (progress.until === undefined) return undefined
  const statement = buildSql()
    .add(`select ${key.map(asText).join(', ')}, seen from (\n`)
    .add(`  select ${columnsOf(key)}, pg_catalog.count(*) over () as seen from (\n`)
    .add(`    select ${columnsOf(key)} from ${table.sql} where `)
  addRange(statement, key, { after: progress.last, upTo: progress.until })
  statement
    .add(` order by ${orderOf(key, 'asc')} limit ${size}\n  ) as page\n) as counted`)
    .add(` order by ${orderOf(key, 'desc')} limit 1`)
  request.say(statement.text)
  const [row] = await link.extended(statement.text, statement.values)
  return row === undefined ? undefined : { last: markOf(key, row), rows: Number(row.seen) }
}

async function change(backfill: Backfill, range: Range): Promise<number> {
  const { place, request, table, key, attempt } = backfill
  if (request.change.kind === 'rows') return await changeRows(backfill, request.change.rows, range)
  const statement = buildSql().add(`with changed as (\nupdate ${table.sql} set `)
  statement.insert(request.change.set).add('\nwhere ')
  addRange(statement, key, range)
  addWhere(statement, request)
  statement.add('\nreturning 1\n)\nselect pg_catalog.count(*) as changed from changed')
  request.say(statement.text)
  const answer = place.link.extended(statement.text, statement.values)
  answer.catch(() => {})
  checkpoint('statement-sent', attempt.record.name)
  const [row] = await answer
  return Number(row?.changed)
}

/** A comment at the end of the condition must not swallow what follows. */
export function addWhere(statement: SqlBuilder, { where }: BackfillRequest): void {
  if (where !== undefined) statement.add('\n  and (').insert(where).add('\n)')
}

/** One comparison of rows: only that form uses a composite index from both ends. */
export function addRange(statement: SqlBuilder, key: readonly KeyColumn[], { after, upTo }: Range): void {
  if (after !== undefined) {
    addMark(statement.add(`(${columnsOf(key)}) > `), key, after)
    statement.add(' and ')
  }
  addMark(statement.add(`(${columnsOf(key)}) <= `), key, upTo)
}

function addMark(statement: SqlBuilder, key: readonly KeyColumn[], mark: Mark): void {
  statement.add('(')
  for (const [index, { type }] of key.entries()) {
    if (index > 0) statement.add(', ')
    statement.bind(mark[index] ?? null, type)
  }
  statement.add(')')
}

export function columnsOf(key: readonly KeyColumn[]): string {
  return key.map(({ sql }) => sql).join(', ')
}

export function orderOf(key: readonly KeyColumn[], direction: 'asc' | 'desc'): string {
  return key.map(({ sql }) => `${sql} ${direction}`).join(', ')
}

/** As JSON has it: whole, and the same whatever DateStyle says. */
export function asText({ sql }: KeyColumn, index: number): string {
  return `pg_catalog.to_jsonb(${sql}) #>> '{}' as slipway_key_${index + 1}`
}

export function markOf(key: readonly KeyColumn[], row: Readonly<Record<string, unknown>>): Mark {
  return key.map((_, index) => String(row[`slipway_key_${index + 1}`]))
}
