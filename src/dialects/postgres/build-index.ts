/** CREATE INDEX CONCURRENTLY as one attempt that leaves a valid index, or none. */
import { isSameDefinition } from '../../sql/postgres-definition.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { IndexRequest, StepwiseAttempt } from '../dialect.ts'
import { sqlstateOf } from './errors.ts'
import { readOnly } from './facts.ts'
import { type FoundTable, findTable } from './find-table.ts'
import { waitForBuilder } from './index-builder.ts'
import { watchIndex } from './index-progress.ts'
import { literal } from './naming.ts'
import { commitOwn, withOwnTransaction } from './own-transaction.ts'
import type { Workplace } from './workplace.ts'

interface Building {
  readonly place: Workplace
  readonly attempt: StepwiseAttempt
  readonly request: IndexRequest
  readonly table: FoundTable
}

export async function buildIndex(
  place: Workplace,
  attempt: StepwiseAttempt,
  request: IndexRequest,
): Promise<'created' | 'exists'> {
  const table = await findTable(place.link, request.table)
  const building: Building = { place, attempt, request, table }
  const found = await findSettled(building)
  if (found?.isValid === true) {
    await requireSame(building, found.definition)
    return 'exists'
  }
  if (table.kind === 'p') throw partitioned(building)
  if (found !== undefined && (await cameTrue(building))) return 'exists'
  // Building concurrently waits for every transaction that is open; without rows there is nothing to build.
  if (await isEmpty(building)) await createAtOnce(building)
  else await createConcurrently(building)
  return 'created'
}

/** What is INVALID may be on its way: then it is what comes of it that counts. */
async function findSettled(building: Building): Promise<FoundIndex | undefined> {
  const found = await findIndex(building)
  if (found?.isValid !== false) return found
  const { place, table, request, attempt } = building
  await waitForBuilder(place.link, { table: table.sql, index: `${table.schema}.${request.name}` }, attempt)
  return await findIndex(building)
}

/** Drops it, unless it became valid meanwhile: who builds lets go of the table a moment before that can be seen. */
async function cameTrue(building: Building): Promise<boolean> {
  try {
    await dropInvalid(building, 'an earlier attempt left it INVALID')
    return false
  } catch (error) {
    if (building.place.link.lost || building.attempt.signal.aborted) throw error
    const found = await findIndex(building)
    if (found?.isValid !== true) throw error
    await requireSame(building, found.definition)
    return true
  }
}

interface FoundIndex {
  readonly isValid: boolean
  readonly definition: string
}

/** Of that name in the table's schema; an index is always in the schema of its table. */
async function findIndex({ place, request, table }: Building): Promise<FoundIndex | undefined> {
  const [row] = await readOnly(
    place.link,
    `select i.indisvalid as valid, pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  i.indrelid = ${literal(table.oid)}::pg_catalog.oid as same_table
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relname = ${literal(request.name)} and n.nspname = ${literal(table.schema)}`,
  )
  if (row === undefined) return undefined
  const definition = String(row.definition)
  // Somebody else's, valid or not, is not ours to drop.
  return { isValid: row.valid === true || row.same_table !== true, definition }
}

async function requireSame({ request, table }: Building, found: string): Promise<void> {
  const wanted = definitionOf(request, table, '')
  if (await isSameDefinition('index', found, wanted)) return
  throw new Error(
    `the index ${request.name} exists with another definition\n  found:  ${found}\n  wanted: ${wanted}`,
  )
}

function definitionOf(request: IndexRequest, table: FoundTable, how: '' | 'concurrently '): string {
  const columns = request.columns.map((column) =>
    typeof column === 'string' ? quotePostgresId(column) : column.expression,
  )
  const include = request.include.map((column) => quotePostgresId(column)).join(', ')
  return [
    `create ${request.unique ? 'unique ' : ''}index ${how}${quotePostgresId(request.name)} on ${table.sql}`,
    `using ${quotePostgresId(request.using ?? 'btree')} (${columns.join(', ')}\n)`,
    ...(include === '' ? [] : [`include (${include})`]),
    ...(request.where === undefined ? [] : [`where ${request.where}`]),
  ].join(' ')
}

function partitioned({ table, request }: Building): Error {
  return new Error(
    `PostgreSQL builds no index concurrently on ${table.shown}, which is partitioned: build ${request.name} on each partition with createIndexConcurrently, then on the table itself with create index on only and alter index attach partition`,
  )
}

/** Row level security shows no rows of a table that is full of them. */
async function isEmpty({ place, table }: Building): Promise<boolean> {
  const [row] = await readOnly(
    place.link,
    `select not pg_catalog.row_security_active(${literal(table.oid)}::pg_catalog.oid) and not exists (select from ${table.sql}) as empty`,
  )
  return row?.empty === true
}

async function createAtOnce({ place, attempt, request, table }: Building): Promise<void> {
  const text = definitionOf(request, table, '')
  request.say(text)
  await withOwnTransaction(place, attempt, async () => {
    await place.link.simple(text)
    await commitOwn(place, '')
  })
}

async function createConcurrently(building: Building): Promise<void> {
  const { place, attempt, request, table } = building
  const { link } = place
  const text = definitionOf(request, table, 'concurrently ')
  // It waits for old snapshots as long as it takes: a short timeout would leave the index INVALID.
  await link.simple(`set lock_timeout = 0;\nset statement_timeout = ${attempt.statementTimeoutMs}`)
  const stopWatching = watchIndex(place, request.onProgress)
  try {
    request.say(text)
    await link.simple(text)
  } catch (error) {
    // A stopped run has no time for it; the next one finds the index and drops it.
    if (!link.lost && !attempt.signal.aborted) await dropAfterFailure(building, error)
    throw error
  } finally {
    await stopWatching()
    await limitLocks(place, attempt)
  }
  const found = await findIndex(building)
  if (found?.isValid !== true)
    throw new Error(
      `the index ${request.name} is ${found === undefined ? 'gone' : 'INVALID'} after it was built`,
    )
}

/** Best effort: the error that led here is the one to tell, and the next attempt looks again. */
async function dropAfterFailure(building: Building, error: unknown): Promise<void> {
  try {
    const found = await findIndex(building)
    if (found?.isValid === false) await dropInvalid(building, `building it failed (${sqlstateOf(error)})`)
  } catch {
    building.attempt.onNotice(`the index ${building.request.name} is left INVALID; the next attempt drops it`)
  }
}

async function dropInvalid({ place, attempt, request, table }: Building, why: string): Promise<void> {
  const name = `${quotePostgresId(table.schema)}.${quotePostgresId(request.name)}`
  attempt.onNotice(`dropping the index ${table.schema}.${request.name}: ${why}`)
  const text = `drop index concurrently if exists ${name}`
  request.say(text)
  await place.link.simple('set lock_timeout = 0')
  try {
    await place.link.simple(text)
  } finally {
    await limitLocks(place, attempt)
  }
}

/** A script that swallows the error goes on in this session. Never throws. */
async function limitLocks({ link }: Workplace, { ddlLockTimeoutMs }: StepwiseAttempt): Promise<void> {
  if (!link.lost) await link.simple(`set lock_timeout = ${ddlLockTimeoutMs}`).catch(() => {})
}
