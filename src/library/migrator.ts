/// <reference lib="esnext.disposable" preserve="true" />
/** The library: the verbs of the command line as methods. */
import type { Run } from '../engine/run.ts'
import { SlipwayError } from '../errors.ts'
import type { RunEvent } from '../events.ts'
import type { HistoryResult, PlanResult, StatusResult } from '../reporters/results.ts'
import { type MigratorOptions, readOptions } from './options.ts'
import { createValueRedactor } from './redact-values.ts'
import {
  checkOptions,
  type DownOptions,
  type HistoryOptions,
  readTimeout,
  requireWaitFor,
  type StampOptions,
  toDownPlan,
  toStampRequest,
  toUpRequest,
  type UpOptions,
  type VerbOptions,
  type WaitOptions,
} from './requests.ts'
import { type DownResult, type RunResult, type StampResult, toResult, type Verification } from './results.ts'
import { openPlace, openRun, type Place, settleReading, settleRun } from './run.ts'
import { stopWith } from './stop.ts'

/**
 * Migrations of one folder on one database. Each call opens a session of its own and closes it; several may run at once,
 * and several migrators too: the run lock makes those that write wait for each other, also within one process. Every
 * method rejects with a SlipwayError and nothing else.
 */
export interface Migrator extends AsyncDisposable {
  /**
   * Waits for the database, takes the run lock and applies what is pending. With nothing pending it takes no lock. An
   * error has `progress`.
   */
  up(options?: UpOptions): Promise<RunResult>
  /**
   * Reverts, newest first; one migration unless told otherwise. Asks nobody: the call is the confirmation, but data is
   * lost only with `allowDataLoss`.
   */
  down(options?: DownOptions): Promise<DownResult>
  /** What `up` would do; rejects as it would. Every pending migration is loaded. Writes nothing. */
  plan(options?: UpOptions): Promise<PlanResult>
  /** Every migration and its state. Writes nothing, takes no lock. */
  status(options?: VerbOptions): Promise<StatusResult>
  /** Every file against history. What is wrong is in the result, see `ok`. Writes nothing. */
  verify(options?: VerbOptions): Promise<Verification>
  /** What ran, when, by whom. Writes nothing. */
  history(options?: HistoryOptions): Promise<HistoryResult>
  /**
   * Records the target, and everything up to it, as applied without running it. Asks nobody: the call is the
   * confirmation; `dryRun` shows it first.
   */
  stamp(target: string, options?: StampOptions): Promise<StampResult>
  /** Until the database has every migration of the folder; somebody else applies them. Rejects with pending when time is up. */
  wait(options?: WaitOptions): Promise<RunResult>
  /** Stops what still runs and waits for its end; what `await using` does. */
  close(): Promise<void>
}

/**
 * Reads the options and connects to nothing yet. Rejects with a SlipwayError that names the option which is wrong.
 * @example
 * await using migrator = await createMigrator({ databaseUrl: 'sqlite:app.db', dir: './migrations' })
 * const { applied } = await migrator.up()
 */
export async function createMigrator(options: MigratorOptions): Promise<Migrator> {
  const read = readOptions(options)
  const redactor = createValueRedactor(read.config.redact)
  const emit = (event: RunEvent) => tell(options, redactor.event(event))
  const place = await openPlace(read, { env: options.env ?? {}, redactor, emit })
  for (const warning of read.config.warnings) emit({ type: 'warning', ...warning })
  return migratorAt(place, options.signal)
}

/** A listener's fault is none of the run's. */
function tell({ onEvent }: MigratorOptions, event: RunEvent): void {
  try {
    onEvent?.(event)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

function migratorAt(place: Place, signal: AbortSignal | undefined): Migrator {
  const closing = new AbortController()
  const active = new Set<Promise<unknown>>()

  const start = <T>(
    verb: string,
    options: VerbOptions,
    work: (run: Run) => Promise<T>,
    method = verb,
  ): Promise<T> => {
    const working = (async () => {
      checkOptions(method, options)
      const stop = stopWith([closing.signal, signal, options.signal])
      try {
        return await work(openRun(place, verb, stop.signal))
      } finally {
        stop[Symbol.dispose]()
      }
    })()
    active.add(working)
    const forget = () => active.delete(working)
    working.then(forget, forget)
    return working
  }
  const close = async () => {
    closing.abort(new SlipwayError('interrupted', 'stopped: the migrator was closed'))
    await Promise.allSettled(active)
  }

  return {
    up: (options = {}) =>
      start('up', options, async (run) => {
        const request = toUpRequest(options)
        const { startUp } = await import('../engine/up.ts')
        return toResult(await settleRun(place, run, (progress) => startUp(run, request)(progress)))
      }),
    down: (options = {}) =>
      start('down', options, async (run) => {
        const plan = toDownPlan(options)
        const { down } = await import('./down.ts')
        return await down(place, run, plan)
      }),
    plan: (options = {}) =>
      start(
        'up',
        options,
        async (run) => {
          const request = toUpRequest(options)
          const { planRun } = await import('../engine/plan-run.ts')
          const { planResult } = await import('../reporters/survey-results.ts')
          const together = request.together === true
          return await settleReading(place, run, async () =>
            planResult(run, await planRun(run, request), { together }),
          )
        },
        'plan',
      ),
    status: (options = {}) =>
      start('status', options, async (run) => {
        const { surveyDatabase } = await import('../engine/survey.ts')
        const { statusResult } = await import('../reporters/survey-results.ts')
        return await settleReading(place, run, async () =>
          statusResult(run, await surveyDatabase(run, { loadPending: false })),
        )
      }),
    verify: (options = {}) =>
      start('verify', options, async (run) => {
        const { surveyDatabase } = await import('../engine/survey.ts')
        const { verifyResult } = await import('../reporters/survey-results.ts')
        const found = await settleReading(place, run, async () =>
          verifyResult(run, await surveyDatabase(run, { loadPending: true, readAll: true })),
        )
        return { ...found, ok: found.refusals.length === 0 }
      }),
    history: (options = {}) =>
      start('history', options, async (run) => {
        const { readHistory } = await import('./history.ts')
        return await settleReading(place, run, () => readHistory(run, options))
      }),
    stamp: (target, options = {}) =>
      start('stamp', options, async (run) => {
        const request = toStampRequest(target, options)
        const { stamp } = await import('./stamp.ts')
        return await stamp(place, run, { request, dryRun: options.dryRun === true })
      }),
    wait: (options = {}) =>
      start('wait', options, async (run) => {
        const timeoutMs = readTimeout(options.timeout)
        const { waitForDatabase, waitForMigrations } = await import('../engine/wait.ts')
        const wait = requireWaitFor(options.for) === 'database' ? waitForDatabase : waitForMigrations
        return toResult(await settleRun(place, run, () => wait(run, timeoutMs)))
      }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
