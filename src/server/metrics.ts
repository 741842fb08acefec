/** Metrics in Prometheus' text format. The only file that imports its client. */
import type { IncomingMessage } from 'node:http'
import { Counter, Gauge, Pushgateway, Registry } from '@prometheus-io/client'

/** What is known; what is not makes no sample, since 0 would be a claim. Times are milliseconds, instants dates. */
export interface MetricFacts {
  readonly version: string
  readonly ready?: boolean | undefined
  /** Migrations by state. */
  readonly counts?: Readonly<Record<string, number>> | undefined
  /** Of a run over many: how many by what became of them. */
  readonly tenants?: Readonly<Record<string, number>> | undefined
  /** Whether the last look at the database succeeded. */
  readonly reachable?: boolean | undefined
  /** Of the last look that did. */
  readonly readAt?: Date | undefined
  /** By whomever. */
  readonly lockHeld?: boolean | undefined
  readonly run?: RunFacts | undefined
  readonly lastSuccessAt?: Date | undefined
  readonly lastFailureAt?: Date | undefined
}

export interface RunFacts {
  /** Of a run that has ended nothing more is said. */
  readonly running?: boolean
  readonly durationMs: number
  readonly databaseWaitMs: number
  readonly lockWaitMs: number | undefined
  readonly retries: number
  readonly applied: number
  readonly failed: number
  readonly exitCode?: number | undefined
}

export const lastSuccessMetric = 'slipway_last_success_timestamp_seconds'
export const contentType: string = Registry.PROMETHEUS_CONTENT_TYPE

/** The text that a scrape gets, and a textfile collector reads. */
export function renderMetrics(facts: MetricFacts): Promise<string> {
  return fill(facts).metrics()
}

export interface PushTarget {
  readonly gateway: URL
  readonly job: string
  /** Of a run over many: makes a group of its own. */
  readonly part: number | undefined
  readonly timeoutMs: number
}

/**
 * Adds to what the gateway has of this job, so that the time of the last success outlives a failure:
 * https://github.com/prometheus/pushgateway#post-method. Rejects when the gateway does not take them, in time.
 */
export async function pushMetrics(facts: MetricFacts, target: PushTarget): Promise<void> {
  const { timeoutMs } = target
  const options = { timeout: timeoutMs, headers: { 'Content-Type': contentType } }
  const pushed = new Pushgateway(target.gateway.href, options, fill(facts)).pushAdd({
    jobName: target.job,
    ...(target.part === undefined ? {} : { groupings: { shard: String(target.part) } }),
  })
  const { resp } = await withinTime(pushed, timeoutMs)
  // A redirect is an answer like any other to the client.
  const status = (resp as IncomingMessage).statusCode ?? 0
  if (status >= 300)
    throw new Error(`push failed with status ${status}; it is not sent on to where that leads`)
}

/** The client's own limit is the socket's silence: it waits for ever where the connection ends within the answer. */
async function withinTime<T>(pushed: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`not answered within ${timeoutMs / 1000} s`)),
    timeoutMs,
  )
  try {
    return await Promise.race([pushed, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function fill(facts: MetricFacts): Registry {
  const registry = new Registry()
  const gauge = (name: string, help: string, value: number | undefined) => {
    if (value !== undefined) new Gauge({ name, help, registers: [registry] }).set(value)
  }
  const info = { name: 'slipway_build_info', help: 'The version of slipway, always 1.' }
  new Gauge({ ...info, labelNames: ['version'], registers: [registry] }).set({ version: facts.version }, 1)
  const byState = (name: string, help: string, counts: Readonly<Record<string, number>> | undefined) => {
    if (counts === undefined) return
    const states = new Gauge({ name, help, labelNames: ['state'], registers: [registry] })
    for (const [state, count] of Object.entries(counts)) states.set({ state }, count)
  }
  byState('slipway_migrations', 'Migrations by state, as slipway status counts them.', facts.counts)
  byState('slipway_tenants', 'Tenants of the run, by what became of them.', facts.tenants)
  gauge('slipway_ready', 'Whether every migration that this image knows is applied.', flag(facts.ready))
  gauge('slipway_database_up', 'Whether the last look at the database succeeded.', flag(facts.reachable))
  gauge('slipway_database_read_timestamp_seconds', 'When it last did.', seconds(facts.readAt))
  gauge('slipway_run_lock_held', 'Whether some runner holds the run lock.', flag(facts.lockHeld))
  gauge(lastSuccessMetric, 'When a run of this process last succeeded.', seconds(facts.lastSuccessAt))
  gauge(
    'slipway_last_failure_timestamp_seconds',
    'When a run last failed, of a migration that is still not applied.',
    seconds(facts.lastFailureAt),
  )
  if (facts.run !== undefined) fillRun(registry, facts.run, gauge)
  return registry
}

type SetGauge = (name: string, help: string, value: number | undefined) => void

function fillRun(registry: Registry, run: RunFacts, gauge: SetGauge): void {
  gauge('slipway_run_in_progress', 'Whether this process is migrating now.', flag(run.running))
  gauge('slipway_run_duration_seconds', 'How long its run takes, or took.', run.durationMs / 1000)
  gauge(
    'slipway_run_database_wait_seconds',
    'How long of it the database did not answer.',
    run.databaseWaitMs / 1000,
  )
  gauge(
    'slipway_run_lock_wait_seconds',
    'How long of it another runner held the run lock.',
    run.lockWaitMs === undefined ? undefined : run.lockWaitMs / 1000,
  )
  gauge('slipway_run_applied_migrations', 'How many migrations it applied.', run.applied)
  gauge('slipway_run_failed_migrations', 'How many migrations failed in it.', run.failed)
  gauge('slipway_run_exit_code', 'What it ended with; 0 is success.', run.exitCode)
  new Counter({
    name: 'slipway_ddl_lock_retries_total',
    help: 'How often a migration was rolled back and begun again, mostly since the app held a table.',
    registers: [registry],
  }).inc(run.retries)
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function seconds(instant: Date | undefined): number | undefined {
  return instant === undefined ? undefined : instant.getTime() / 1000
}
