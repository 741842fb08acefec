/** up, down and up again in a scratch database: the schema has to come back both times. */

import { exitCodes, isSlipwayError, type SlipwayError } from '../errors.ts'
import { asDown } from '../files/down.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { refusalError } from '../plan/plan.ts'
import { diffTexts } from './changes.ts'
import { discover } from './discover.ts'
import { applyInScratch, replayApplied, revertInScratch } from './replay.ts'
import type { Run } from './run.ts'
import { openScratch, type Scratch, withinScratch } from './scratch.ts'
import { askTarget, assumeStart, isElsewhere } from './starting-point.ts'

export interface RoundTrip {
  readonly name: string
  /**
   * `down`: it leaves another schema than was there before. `up`: the second one makes another than the first.
   * `up-fails`: the second one fails; then those after it are `untried`, since they would begin without it.
   */
  readonly outcome: 'same' | 'down' | 'up' | 'up-fails' | 'untried' | 'irreversible' | 'skipped'
  /** Of the schema as it should be and as it is, where it differs. */
  readonly diff?: string
  /** What the second `up` failed with. */
  readonly error?: SlipwayError
}

/** In order. One that does not come back is left as its second `up` made it, and those after it go on from there. Throws what fails the first time. */
export async function tryRoundTrips(run: Run, { all }: { readonly all: boolean }): Promise<RoundTrip[]> {
  const found = await discover(run)
  const options = { found, request: {}, isReplayed: () => true }
  const start = all ? await assumeStart(run, { kind: 'base' }, options) : await askTarget(run, options)
  const { result, loaded } = start
  if (result.kind === 'refusal') throw refusalError(result)
  const pending = result.steps.flatMap(({ name }) => loaded.get(name) ?? [])
  if (pending.length === 0) return []
  await using scratch = await openScratch(run)
  const known = new Map([...loaded, ...start.baseline.map((each) => [each.file.name, each] as const)])
  await replayApplied(scratch, { ...start, loaded: known })
  const trips: RoundTrip[] = []
  for (const migration of pending) {
    const isStuck = trips.some(({ outcome }) => outcome === 'up-fails' || outcome === 'untried')
    trips.push(
      isStuck ? { name: migration.file.name, outcome: 'untried' } : await tryRoundTrip(scratch, migration),
    )
  }
  return trips
}

async function tryRoundTrip(scratch: Scratch, migration: LoadedMigration): Promise<RoundTrip> {
  const { name } = migration.file
  const look = () => withinScratch(scratch, () => scratch.session.readCatalogue())
  const before = await look()
  await applyInScratch(scratch, migration)
  if (isElsewhere(scratch.run, migration)) return { name, outcome: 'skipped' }
  if (asDown(migration) === undefined) return { name, outcome: 'irreversible' }
  const first = await look()
  await revertInScratch(scratch, migration)
  const back = await look()
  const diff =
    back === before ? undefined : diffTexts({ before, after: back, names: ['before up', 'after down'] })
  const error = await findFailure(() => applyInScratch(scratch, migration))
  if (error !== undefined)
    return { name, outcome: 'up-fails', error, ...(diff === undefined ? {} : { diff }) }
  const second = await look()
  if (diff !== undefined) return { name, outcome: 'down', diff }
  if (second !== first)
    return {
      name,
      outcome: 'up',
      diff: diffTexts({ before: first, after: second, names: ['after up', 'after the second up'] }),
    }
  return { name, outcome: 'same' }
}

/** The migration's own failure is what was looked for; what befell the scratch database is thrown. */
async function findFailure(work: () => Promise<void>): Promise<SlipwayError | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (isSlipwayError(error) && error.exitCode === exitCodes.failed) return error
    throw error
  }
}
