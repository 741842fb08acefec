/** Sees what a down takes away, inside its transaction, and has it rolled back if that held anything. */
import type { Executor } from '../dialects/dialect.ts'
import type { Content, InventoryTable, Loss, Reverting } from '../dialects/reverting.ts'
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
}

/**
 * Compares the tables before and after. What its text names is looked into before it runs; what else is gone
 * afterwards, in a second run, when it is known what that is. Throws data-loss.
 */
export async function watchLosses(run: Run, { file, body }: LoadedMigration): Promise<Watch> {
  const reverting = await run.dialect.loadReverting()
  const expected = body.kind === 'sql' ? await reverting.findLosses(body.statements) : []
  const suspects = new Map<string, Looked['gone']>()
  const around: Watch['around'] = async (executor, work) => {
    const scene = { run, reverting, executor, migration: file.name }
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
    if (unknown.length > 0) throw new LossSuspected(unknown.map(keyOf).join(', '))
  }
  return { around, wantsAnother: (thrown) => thrown instanceof LossSuspected }
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
    if (loss.kind !== 'column') found.push({ kind: loss.kind === 'rows' ? 'emptied' : 'table', table })
    else if (table.columns.some(({ name }) => name === loss.column))
      found.push({ kind: 'column', table, column: loss.column, now: table })
  }
  return found
}

/** What may not be looked into counts as something; the transaction cannot go on after such a refusal. */
async function look(scene: Scene, gone: Looked['gone']): Promise<Content> {
  const { run, reverting, executor } = scene
  try {
    return await reverting.look(executor, gone.table, gone.kind === 'column' ? gone.column : undefined)
  } catch (error) {
    if (run.dialect.explain(error).kind !== 'privilege') throw error
    throw refuse(scene, [describe(gone, { rows: undefined })])
  }
}

async function judge(
  { reverting, executor }: Scene,
  found: readonly Gone[],
  looked: ReadonlyMap<string, Looked>,
): Promise<string[]> {
  const lost: string[] = []
  for (const gone of found) {
    if (gone.kind === 'rows') {
      lost.push(`${countRows(gone.rows, false, 'row')} of ${gone.table.name}`)
      continue
    }
    const content = looked.get(keyOf(gone))?.content
    if (content === undefined || content.rows === 0) continue
    if (gone.kind === 'column' && content.print !== undefined) {
      const prints = newColumns(gone).map((name) => reverting.look(executor, gone.now, name))
      if ((await Promise.all(prints)).some(({ print }) => print === content.print)) continue
    }
    lost.push(describe(gone, content))
  }
  return lost
}

function describe(gone: Looked['gone'], { rows, isMore = false }: Content): string {
  const count = (noun: 'row' | 'value') => `${isMore ? 'more than ' : ''}${countRows(rows, false, noun)}`
  switch (gone.kind) {
    case 'table':
      return `${gone.table.name} with ${count('row')}`
    case 'column':
      return `${gone.table.name}.${gone.column} with ${count('value')}`
    case 'emptied':
      return `${count('row')} of ${gone.table.name}`
  }
}

function refuse({ migration }: Scene, lost: readonly string[]): SlipwayError {
  return new SlipwayError(
    'data-loss',
    `it takes away what holds rows, so it was rolled back: ${lost.join(', ')}`,
    { migration, hint: 'if that may be lost: slipway down --allow-data-loss' },
  )
}
