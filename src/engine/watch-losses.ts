/** Sees what a down takes away, inside its transaction, and has it rolled back if that held anything. */
import type { Executor } from '../dialects/dialect.ts'
import type { Content, InventoryTable, Look, Loss, Reverting } from '../dialects/reverting.ts'
import { SlipwayError } from '../errors.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { findGone, type Gone, keyOf, newColumns } from '../plan/lost.ts'
import { countRows } from '../text/count-rows.ts'
import type { Watch } from './execute.ts'
import type { Run } from './run.ts'

/** It has to run once more: what it took away must be looked into first, and held still. */
class LossSuspected extends Error {
  override readonly name = 'LossSuspected'
}

interface Looked {
  readonly gone: Exclude<Gone, { kind: 'rows' }>
  readonly content: Content
}

interface Scene {
  readonly run: Run
  readonly reverting: Reverting
  readonly executor: Executor
  readonly migration: string
  /** What to do if it may be lost. */
  readonly hint: () => string
}

/**
 * Compares the tables before and after. What its text names is looked into before it runs; what else is gone
 * afterwards, in a second run, when it is known what that is. Throws data-loss.
 */
export async function watchLosses(
  run: Run,
  { file, body }: LoadedMigration,
  hint: () => string,
): Promise<Watch> {
  const reverting = await run.dialect.loadReverting()
  const expected = body.kind === 'sql' ? await reverting.findLosses(body.statements) : []
  const suspects = new Map<string, Looked['gone']>()
  const around: Watch['around'] = async (executor, work) => {
    const scene = { run, reverting, executor, migration: file.name, hint }
    const before = await reverting.takeInventory(executor)
    const looked = new Map<string, Looked>()
    for (const gone of await findExpected(scene, expected, before)) {
      const content = await look(scene, gone)
      if (content.rows !== 0) throw refuse(scene, [describe(gone, content)])
      looked.set(keyOf(gone), { gone, content })
    }
    for (const [key, gone] of suspects)
      if (!looked.has(key)) looked.set(key, { gone, content: await look(scene, gone) })
    await work()
    const found = findGone(before, await reverting.takeInventory(executor))
    const lost = await judge(scene, found, looked)
    if (lost.length > 0) throw refuse(scene, lost)
    const unknown = found.filter((gone) => gone.kind !== 'rows' && !looked.has(keyOf(gone)))
    for (const gone of unknown) if (gone.kind !== 'rows') suspects.set(keyOf(gone), gone)
    if (unknown.length === 0) return
    tellAnother(scene, unknown)
    throw new LossSuspected(unknown.map(keyOf).join(', '))
  }
  return { around, wantsAnother: (thrown) => thrown instanceof LossSuspected }
}

/** Its statements are told once more, so it says why. */
function tellAnother({ run, migration }: Scene, unknown: readonly Gone[]): void {
  const names = unknown.map((gone) =>
    gone.kind === 'column' ? `${gone.table.name}.${gone.column}` : gone.table.name,
  )
  run.emit({
    type: 'notice',
    code: 'down-again',
    migration,
    message: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} gone afterwards: to see first what that holds, it is rolled back, and runs once more`,
  })
}

/** What is not there by that name is left to the comparison, and what is made anew as well. */
async function findExpected(
  { reverting, executor }: Scene,
  losses: readonly Loss[],
  tables: readonly InventoryTable[],
): Promise<Looked['gone'][]> {
  const found: Looked['gone'][] = []
  for (const loss of losses) {
    if (loss.kind === 'opaque' || loss.kind === 'schema' || loss.kind === 'rebuild') continue
    if (loss.isUnsure === true) continue
    const id = await reverting.findTable(executor, tables, loss.table)
    const table = tables.find((each) => each.id === id)
    if (table === undefined) continue
    if (loss.kind !== 'column')
      found.push(loss.kind === 'rows' ? { kind: 'emptied', table, now: table } : { kind: 'table', table })
    else if (table.columns.some(({ name }) => name === loss.column))
      found.push({ kind: 'column', table, column: loss.column, now: table })
  }
  return found
}

/** What may not be looked into counts as something; the transaction cannot go on after such a refusal. */
async function look(scene: Scene, gone: Looked['gone']): Promise<Content> {
  const { run, reverting, executor } = scene
  try {
    return await reverting.look(executor, gone.table, toLookAt(gone))
  } catch (error) {
    if (run.dialect.explain(error).kind !== 'privilege') throw error
    throw refuse(scene, [describe(gone, { rows: undefined })])
  }
}

function toLookAt(gone: Looked['gone']): Look {
  if (gone.kind !== 'column') return { all: gone.kind === 'emptied' }
  return gone.kept === 'count' ? { count: gone.column } : { column: gone.column }
}

async function judge(
  scene: Scene,
  found: readonly Gone[],
  looked: ReadonlyMap<string, Looked>,
): Promise<string[]> {
  const lost: string[] = []
  const taken = new Set<string>()
  for (const gone of found) {
    if (gone.kind === 'rows') {
      lost.push(`${countRows(gone.rows, false, 'row')} of ${gone.table.name}`)
      continue
    }
    const content = looked.get(keyOf(gone))?.content
    if (content === undefined || content.rows === 0) continue
    const left = await findLeft(scene, gone, content, taken)
    if (left !== 'all') lost.push(describe(gone, content, left))
  }
  return lost
}

/** How many rows or values of it are there still, under whatever name. Fills in the columns that answered for one already. */
async function findLeft(
  { reverting, executor }: Scene,
  gone: Looked['gone'],
  content: Content,
  taken: Set<string>,
): Promise<'all' | number> {
  if (gone.kind === 'table' || content.rows === undefined) return 0
  if (gone.kind === 'emptied') {
    const { rows = 0 } = await reverting.look(executor, gone.now, toLookAt(gone))
    const left = rows - ((gone.now.inserted ?? 0) - (gone.table.inserted ?? 0))
    return left >= content.rows ? 'all' : Math.max(left, 0)
  }
  if (gone.kept === 'count') {
    const { rows = 0 } = await reverting.look(executor, gone.now, { count: gone.column })
    return rows >= content.rows ? 'all' : rows
  }
  if (content.print === undefined) return 0
  for (const column of gone.kept === 'values' ? [gone.column] : newColumns(gone)) {
    const key = `${gone.now.id} ${column}`
    if (taken.has(key)) continue
    const { print } = await reverting.look(executor, gone.now, { column })
    if (print !== content.print) continue
    taken.add(key)
    return 'all'
  }
  return 0
}

function describe(gone: Looked['gone'], { rows, isMore = false }: Content, left = 0): string {
  const lost = rows === undefined ? undefined : rows - left
  const count = (noun: 'row' | 'value') => `${isMore ? 'more than ' : ''}${countRows(lost, false, noun)}`
  switch (gone.kind) {
    case 'table':
      return `${gone.table.name} with ${count('row')}`
    case 'column':
      return `${gone.table.name}.${gone.column} with ${count('value')}`
    case 'emptied':
      return `${count('row')} of ${gone.table.name}`
  }
}

function refuse({ migration, hint }: Scene, lost: readonly string[]): SlipwayError {
  return new SlipwayError(
    'data-loss',
    `it takes away what holds rows, so it was rolled back: ${lost.join(', ')}`,
    { migration, hint: hint() },
  )
}
