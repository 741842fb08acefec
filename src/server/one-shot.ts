/** Metrics of a process that ends: a file for node_exporter's textfile collector, and a push to a Pushgateway. */
import { readFileSync, statSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { replaceFile, requireReplaceable, targetOf } from '../files/replace-file.ts'
import { messageOf, SlipwayError } from '../errors.ts'
import type { Listener, RunOutcome, TenantsOutcome } from '../events.ts'
import type { MetricFacts } from './metrics.ts'
import { type RunRecord, recordEvent, startRecord } from './run-record.ts'

export interface OneShotOptions {
  readonly config: Config
  readonly version: string
  /** The run is to apply everything that is pending. */
  readonly isWhole: boolean
  /** Of the tenants: what this runner pushes must not take the place of what another one pushed. */
  readonly part: number | undefined
  /** A gateway that is gone changes nothing of the run. */
  readonly warn: (what: string, message: string) => void
}

export interface OneShot {
  readonly listen: Listener
  /** Writes and pushes, once, if a run has ended. Never rejects. */
  settle(): Promise<void>
}

/** A Job should not wait longer for what only counts it. */
const pushTimeoutMs = 5000

/** Throws metrics-unwritable. */
export function openOneShot({ config, version, isWhole, part, warn }: OneShotOptions): OneShot {
  const { metricsFile, pushgateway, pushJob } = config
  if (metricsFile !== undefined) requireWritable(metricsFile)
  const record = startRecord(new Date())
  const deliver = async () => {
    const { pushMetrics, renderMetrics } = await import('./metrics.ts')
    const facts = factsOf(record, { version, isWhole })
    const trying = async (what: string, work: () => unknown) => {
      try {
        await work()
      } catch (error) {
        warn(what, messageOf(error))
      }
    }
    if (metricsFile !== undefined)
      await trying('writing the metrics', async () => {
        const lastSuccessAt = facts.lastSuccessAt ?? (await readLastSuccess(metricsFile))
        replaceFile(targetOf(metricsFile), await renderMetrics({ ...facts, lastSuccessAt }))
      })
    if (pushgateway !== undefined)
      await trying(`pushing metrics to ${pushgateway.host}`, () =>
        pushMetrics(facts, { gateway: pushgateway, job: pushJob, part, timeoutMs: pushTimeoutMs }),
      )
  }
  let delivering: Promise<void> | undefined
  return {
    listen: (event) => recordEvent(record, event, new Date()),
    async settle() {
      if (record.outcome !== undefined) delivering ??= deliver()
      await delivering
    },
  }
}

/** A failure must not forget when it last went well. */
async function readLastSuccess(path: string): Promise<Date | undefined> {
  const { lastSuccessMetric } = await import('./metrics.ts')
  try {
    const found = new RegExp(`^${lastSuccessMetric} ([\\d.e+]+)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1]
    return found === undefined ? undefined : new Date(Number(found) * 1000)
  } catch {
    return undefined
  }
}

function requireWritable(path: string): void {
  const refuse = (why: string, cause?: unknown) => {
    const user =
      process.getuid === undefined ? '' : `; slipway runs as ${process.getuid()}:${process.getgid?.()}`
    return new SlipwayError('metrics-unwritable', `no metrics can be written to ${path}: ${why}${user}`, {
      cause,
    })
  }
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw refuse('it is no ordinary file')
  try {
    requireReplaceable(targetOf(path))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
    throw refuse(code === 'ENOENT' ? 'its folder does not exist' : code, error)
  }
}

type Known = Pick<OneShotOptions, 'version' | 'isWhole'>

function factsOf(record: RunRecord, { version, isWhole }: Known): MetricFacts {
  const { outcome, finishedAt, phase } = record
  const hasSucceeded = phase === 'succeeded'
  return {
    version,
    counts: countsOf(record, isWhole),
    ready: isWhole || !hasSucceeded ? hasSucceeded : undefined,
    lastSuccessAt: hasSucceeded ? finishedAt : undefined,
    lastFailureAt: phase === 'failed' ? finishedAt : undefined,
    tenants: countTenants(outcome?.tenants),
    run: {
      durationMs: outcome?.durationMs ?? 0,
      databaseWaitMs: record.databaseWaitMs,
      // Of many it would be the sum of what went on at once.
      lockWaitMs: outcome?.tenants === undefined ? record.lockWaitMs : undefined,
      retries: record.retries,
      applied: outcome?.tenants === undefined ? (outcome?.applied.length ?? 0) : record.appliedByTenants,
      failed: record.failed,
      exitCode: outcome?.exitCode,
    },
  }
}

function countTenants(tenants: TenantsOutcome | undefined): Record<string, number> | undefined {
  if (tenants === undefined) return undefined
  const { migrated, upToDate, failed, notDone } = tenants
  return {
    migrated: migrated.length,
    up_to_date: upToDate.length,
    failed: failed.length,
    not_done: notDone.length,
  }
}

/** Without a look of its own at the database: what the run told of it. Nothing, where it did not come so far. */
function countsOf(
  { outcome, appliedBefore }: RunRecord,
  isWhole: boolean,
): Record<string, number> | undefined {
  if (outcome === undefined) return undefined
  const refused = refusedStates(outcome)
  if (appliedBefore === undefined) return Object.keys(refused).length === 0 ? undefined : refused
  return {
    applied: appliedBefore + outcome.applied.length,
    ahead: outcome.ahead.length,
    ...(isWhole ? { pending: outcome.pending.length } : {}),
    ...refused,
  }
}

function refusedStates({ error }: RunOutcome): Record<string, number> {
  const states: Record<string, number> = { changed: 0, missing: 0, late: 0 }
  const reasons = error?.facts.reasons ?? (error === undefined ? [] : [error])
  const found = reasons.map(({ code }) => code).filter((code) => Object.hasOwn(states, code))
  if (found.length === 0) return {}
  for (const code of found) states[code] = (states[code] ?? 0) + 1
  return states
}
