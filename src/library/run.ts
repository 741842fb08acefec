/** The run of one verb, and how it ends for the caller. */
import { randomUUID } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { describeRunner } from '../config/environment.ts'
import { requireDatabase } from '../config/load.ts'
import type { DatabaseUrl } from '../config/url.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { loadDialect } from '../dialects/index.ts'
import { createEcho } from '../engine/echo.ts'
import { runToOutcome, toSlipwayError } from '../engine/outcome.ts'
import type { Progress } from '../engine/progress.ts'
import type { Run } from '../engine/run.ts'
import type { SlipwayError } from '../errors.ts'
import type { Listener, RunOutcome } from '../events.ts'
import { version } from '../version.ts'
import type { ValueRedactor } from './redact-values.ts'

/** What all runs of one migrator share. */
export interface Place {
  readonly config: Config
  readonly url: DatabaseUrl
  readonly dialect: Dialect
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly redactor: ValueRedactor
  readonly emit: Listener
}

export async function openPlace(
  { config, cwd }: { readonly config: Config; readonly cwd: string },
  parts: Pick<Place, 'env' | 'redactor' | 'emit'>,
): Promise<Place> {
  const url = requireDatabase(config)
  return { config, cwd, url, dialect: await loadDialect(url), ...parts }
}

export function openRun(place: Place, verb: string, signal: AbortSignal): Run {
  const { config, url, dialect, cwd, env, emit } = place
  return {
    runId: randomUUID(),
    verb,
    config,
    url,
    dialect,
    emit,
    echo: config.echo ? createEcho(emit) : undefined,
    signal,
    cwd,
    env,
    appliedBy: describeRunner(env),
    runnerVersion: version,
  }
}

/** Work that changes something, or waits for it. Rejects with a SlipwayError that has `progress`. */
export async function settleRun(
  { redactor }: Place,
  run: Run,
  work: (progress: Progress) => Promise<void>,
): Promise<RunOutcome> {
  run.signal.throwIfAborted()
  const outcome = await runToOutcome(run, work)
  if (outcome.error === undefined) return outcome
  const { applied, skipped, pending, ahead } = outcome
  outcome.error.progress ??= { applied, skipped, pending, ahead }
  const error = redactor.error(outcome.error)
  error.progress ??= outcome.error.progress
  throw error
}

/** Work that only reads. Rejects with a SlipwayError. */
export async function settleReading<T>({ redactor }: Place, run: Run, work: () => Promise<T>): Promise<T> {
  run.signal.throwIfAborted()
  try {
    return redactor.value(await work())
  } catch (thrown) {
    const error: SlipwayError = await toSlipwayError(run, thrown)
    throw redactor.error(error)
  }
}
