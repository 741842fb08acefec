/** What is known: our own run as it tells of itself, and the database as of the last look. */
import { keepApart } from '../engine/apart.ts'
import { lookAround, type Overview } from '../engine/overview.ts'
import type { Run } from '../engine/run.ts'
import { untilAborted } from '../engine/sleep.ts'
import type { RunEvent } from '../events.ts'
import type { MetricFacts } from './metrics.ts'
import { judge } from './readiness.ts'
import { hasEnded, type Phase, recordEvent, startRecord } from './run-record.ts'
import { createView, type View } from './view.ts'
import { createWatch, type Watch } from './watch.ts'

export interface Board {
  listen(event: RunEvent): void
  /** What a probe needs to know. */
  state(): { readonly ready: boolean; readonly phase: Phase; readonly code: string | undefined }
  view(): View
  facts(): MetricFacts
  /** Looks at the database if the last look is too old. Resolves when that is done, or after `withinMs`. */
  freshen(withinMs: number): Promise<void>
  /** Called when something may have changed; returns what ends that. */
  subscribe(onChange: () => void): () => void
}

/** While somebody holds the run lock, or after a failed look, things change soon. */
const impatientMs = 2000
/** How long a look may wait for the database: somebody waits for the answer. */
const lookTimeoutMs = 5000

export function createBoard(run: Run): Board {
  const record = startRecord(new Date())
  const listeners = new Set<() => void>()
  const tellAll = () => {
    for (const listener of listeners) listener()
  }
  // What the looks find out is shown, not logged.
  const looker: Run = {
    ...run,
    config: { ...run.config, waitTimeoutMs: lookTimeoutMs, createDatabase: false },
    emit: () => {},
    whileWaiting: undefined,
  }
  const watch: Watch<Overview> = createWatch<Overview>({
    // What the driver throws outside any promise ends the look, not the run; and nothing, once the look is over.
    look: () =>
      keepApart(
        run.signal,
        () => {},
        (signal) => untilAborted(signal, () => lookAround({ ...looker, signal })),
      ),
    everyMs: () => {
      const isImpatient = watch.problem !== undefined || watch.found?.holder !== undefined
      return isImpatient ? Math.min(impatientMs, run.config.refreshMs) : run.config.refreshMs
    },
    // SQLite waits in this very thread: for a run of our own, that would be for ever.
    isHeldUp: () => !run.dialect.isRemote && !hasEnded(record),
    onLook: tellAll,
  })
  const view = () =>
    createView({ run, record, overview: watch.found, problem: watch.problem, now: new Date() })
  return {
    listen(event) {
      recordEvent(record, event, new Date())
      if (event.type === 'run-finished') watch.expire()
      tellAll()
    },
    state: () => ({
      ready: judge(record, watch.found).ready,
      phase: record.phase,
      code: record.error?.code,
    }),
    view,
    facts() {
      const { ready, status, lock, run: own } = view()
      const failures = [...(watch.found?.failures.values() ?? [])].map(({ at }) => at.getTime())
      const failedAt = record.phase === 'failed' ? [record.finishedAt?.getTime() ?? 0] : []
      const lastFailure = Math.max(...failures, ...failedAt)
      return {
        version: run.runnerVersion,
        ready,
        counts: status?.counts,
        reachable:
          watch.found === undefined && watch.problem === undefined ? undefined : watch.problem === undefined,
        readAt: watch.found?.at,
        lockHeld: watch.found === undefined ? undefined : lock.held,
        lastSuccessAt: record.phase === 'succeeded' ? record.finishedAt : undefined,
        lastFailureAt: Number.isFinite(lastFailure) ? new Date(lastFailure) : undefined,
        run: runFacts(own),
      }
    },
    freshen: (withinMs) => watch.freshen(withinMs),
    subscribe(onChange) {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
  }
}

function runFacts(own: View['run']): NonNullable<MetricFacts['run']> {
  return {
    running: own.finishedAt === null,
    durationMs: own.durationMs,
    databaseWaitMs: own.waits.databaseMs,
    lockWaitMs: own.waits.lockMs,
    retries: own.retries,
    applied: own.steps.filter(({ state }) => state === 'done').length,
    failed: own.steps.filter(({ state }) => state === 'failed').length,
    exitCode: own.exitCode ?? undefined,
  }
}
