/** A backfill from its first batch to its last, or to where its time is over. */
import type { BackfillState, BackfillTask } from '../../dialects/dialect.ts'
import { SlipwayError } from '../../errors.ts'
import { repairCommand } from '../../plan/repair.ts'
import { formatDuration } from '../../text/format-time.ts'
import { sleep } from '../sleep.ts'
import type { BackfillOptions, BackfillResult } from './long-options.ts'
import type { LongPlace } from './long-work.ts'
import { createSpeedometer, nextSize } from './pace.ts'
import { type ReadBackfill, readBackfill } from './read-options.ts'
import { retrying } from './retrying.ts'

export async function runBackfill(place: LongPlace, options: BackfillOptions): Promise<BackfillResult> {
  const wanted = readBackfill(place, options)
  const task = await retrying(place, () => place.long.openBackfill(wanted.request))
  requireSameWork(place, wanted, task)
  const report = createReport(place, task)
  const watch = watchTime(place, wanted, task)
  let state = task.start
  let size = wanted.pacing.bounds.first
  if (state.isDone) {
    // An empty table has no batch, but a row that says so.
    if (task.before === 'none') state = await task.batch(size)
    return resultOf(state)
  }
  report(state)
  const brake = createBrake(place, wanted, (phase) => report(state, phase))
  while (!state.isDone) {
    await brake(() => watch.requireTime(state))
    const began = performance.now()
    const rows = size
    state = await retrying(place, () => task.batch(rows), { firstMs: 100 })
    size = nextSize(size, performance.now() - began, wanted.pacing)
    report(state)
    if (state.isDone) break
    watch.requireTime(state)
    await sleep(wanted.pauseMs, place.signal)
  }
  return resultOf(state)
}

function resultOf({ changed, seen }: BackfillState): BackfillResult {
  return { rows: changed, seen }
}

/** Half the rows with one change and half with another is nothing that anybody wants without saying so. */
function requireSameWork({ run, name }: LongPlace, { request }: ReadBackfill, task: BackfillTask): void {
  if (task.before === 'none' || task.before === 'same') return
  const { seen } = task.start
  if (task.before === 'other-key')
    throw new SlipwayError(
      'unfinished',
      `the backfill of ${task.table} went by another key, and ${seen} rows in its order are done`,
      {
        hint: `give it the key it had; or have the migration begin from its start: ${repairCommand('retry', name)}`,
      },
    )
  const what = `the backfill of ${task.table} was begun with another set or where`
  if (request.name === undefined)
    throw new SlipwayError('unfinished', `${what}, and ${seen} rows are done`, {
      hint: `restore them; or go on after those rows with the new ones: name: '${task.name}' in the options of backfill; under another name it begins at the first row`,
    })
  run.emit({
    type: 'notice',
    code: 'backfill-changed',
    message: `${what}; after ${seen} rows it goes on with the new ones`,
    migration: name,
  })
}

/** How far it is, told after each batch. */
function createReport({ run, name }: LongPlace, task: BackfillTask) {
  const measure = createSpeedometer(task.start.seen, performance.now())
  return ({ seen, total: estimate, isDone }: BackfillState, phase?: string) => {
    // The estimate was too low, or rows came in between.
    const total = isDone || (estimate !== undefined && estimate < seen) ? seen : estimate
    const { rate, etaMs } = measure({ done: seen, atMs: performance.now(), total })
    run.emit({
      type: 'progress',
      name,
      work: `backfill of ${task.table}`,
      unit: 'rows',
      done: seen,
      ...(total === undefined ? {} : { total }),
      ...(rate === undefined ? {} : { rate: Math.round(rate) }),
      ...(etaMs === undefined ? {} : { etaMs: Math.round(etaMs) }),
      ...(phase === undefined ? {} : { phase }),
      finished: isDone,
    })
  }
}

/** At least one batch is done in each run, so that runs which are too short still get to the end. */
function watchTime({ run, name }: LongPlace, { maxDurationMs }: ReadBackfill, task: BackfillTask) {
  const began = performance.now()
  const whole = run.config.maxDurationMs
  if (run.isTrial === true) return { requireTime() {} }
  const limits = [
    ...(maxDurationMs === undefined
      ? []
      : [{ at: began + maxDurationMs, what: `its maxDuration of ${formatDuration(maxDurationMs)}` }]),
    ...(whole === 0
      ? []
      : [{ at: (run.began ?? 0) + whole, what: `--max-duration ${formatDuration(whole)}` }]),
  ]
  return {
    requireTime({ seen, total }: BackfillState): void {
      const over = limits.find(({ at }) => performance.now() >= at)
      if (over === undefined || seen === task.start.seen) return
      const of = total === undefined || total < seen ? '' : ` of about ${total}`
      throw new SlipwayError(
        'out-of-time',
        `${name}: the backfill of ${task.table} stopped after ${seen}${of} rows, because ${over.what} is over`,
        { migration: name, ...(run.verb === 'down' ? { hint: 'go on: slipway down' } : {}) },
      )
    },
  }
}

const lookEveryMs = 1000

/** Waits while a replica is too far behind. The returned function is called before each batch. */
function createBrake(
  { run, long, name, signal }: LongPlace,
  { maxLagMs }: ReadBackfill,
  tell: (phase: string) => void,
): (requireTime: () => void) => Promise<void> {
  let lookedAt = Number.NEGATIVE_INFINITY
  let isWarned = false
  return async (requireTime) => {
    if (maxLagMs === undefined || performance.now() - lookedAt < lookEveryMs) return
    for (;;) {
      lookedAt = performance.now()
      const { ms, isHidden } = await long.replicaLag()
      if (isHidden && !isWarned) {
        isWarned = true
        const message =
          'maxLag has no effect: this role may not see how far the replicas are (grant pg_monitor)'
        run.emit({ type: 'warning', code: 'replicas-hidden', message, migration: name })
      }
      if (ms === undefined || ms <= maxLagMs) return
      requireTime()
      tell(`waiting for replicas, ${formatDuration(ms)} behind`)
      await sleep(lookEveryMs, signal)
    }
  }
}
