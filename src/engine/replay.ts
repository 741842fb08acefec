/** Runs migrations in a scratch database, as `up` and `down` would run them in the target. */
import { randomUUID } from 'node:crypto'
import { SlipwayError } from '../errors.ts'
import { asDown } from '../files/down.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import type { HistoryRow } from '../plan/migration.ts'
import { recordOf } from './attempt.ts'
import { executeStep } from './execute.ts'
import { type Scratch, withinScratch } from './scratch.ts'
import { isElsewhere, type StartingPoint } from './starting-point.ts'

/** Brings an empty scratch database to where the target is. */
export async function replayApplied(scratch: Scratch, start: StartingPoint): Promise<void> {
  await withinScratch(scratch, () => scratch.session.ensureHistory())
  for (const row of [...start.rows].sort((a, b) => a.id - b.id)) {
    const migration = start.loaded.get(row.name)
    if (migration !== undefined && row.state !== 'skipped') await applyInScratch(scratch, migration)
  }
}

/** One for another database is recorded as skipped. */
export async function applyInScratch(scratch: Scratch, migration: LoadedMigration): Promise<void> {
  await runStep(scratch, migration, isElsewhere(scratch.run, migration) ? 'skip' : 'apply')
}

/** The migration's down. Throws irreversible. */
export async function revertInScratch(scratch: Scratch, migration: LoadedMigration): Promise<void> {
  const { session, run } = scratch
  const { name } = migration.file
  const row = await withinScratch(scratch, async () =>
    (await session.readHistory()).rows.find((each) => each.name === name),
  )
  if (row === undefined) return
  if (row.state === 'skipped') {
    const record = recordOf(run, migration)
    return await session.amendHistory([{ kind: 'forget', record, detail: 'nothing to revert' }])
  }
  const down = asDown(migration)
  if (down === undefined) throw new SlipwayError('irreversible', `${name} has no down`, { migration: name })
  await runStep(scratch, down, 'revert', row)
}

async function runStep(
  scratch: Scratch,
  migration: LoadedMigration,
  action: 'apply' | 'skip' | 'revert',
  history?: HistoryRow,
): Promise<void> {
  const { session } = scratch
  const { file } = migration
  // Each step is a run of its own, as on a target: what one finds of another must not hang on its id.
  const run = { ...scratch.run, runId: randomUUID() }
  const step = { name: file.name, file, action, ...(history === undefined ? {} : { history }) }
  await withinScratch(scratch, async () => {
    run.signal.throwIfAborted()
    if ((await executeStep({ run, session, step, migration, index: 1, total: 1 })) !== 'done')
      throw new SlipwayError('session-lost', `the connection was lost while ${file.name} was being committed`)
  })
}
