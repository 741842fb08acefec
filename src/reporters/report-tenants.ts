/** The tenants of a report, each as the report of a run of its own would have it, but shorter. */
import type { RunEvent } from '../events.ts'
import type { ErrorFields } from './error-fields.ts'
import type { Report, ReportRecorder, Waits } from './report.ts'
import type { ReportedMigration } from './report-steps.ts'

export interface ReportedTenants {
  /** How many there are in all shards. */
  readonly all: number
  /** `2/8`; null: this run took all of them. */
  readonly shard: string | null
  readonly concurrency: number
  /** In the order in which they ended; those that were not begun with are not among them. */
  readonly results: readonly ReportedTenant[]
}

export interface ReportedTenant
  extends Pick<
    Report,
    'outcome' | 'exitCode' | 'startedAt' | 'finishedAt' | 'durationMs' | 'appliedBefore' | 'ahead'
  > {
  readonly tenant: string
  readonly database: string | null
  readonly waits: Waits
  readonly migrations: readonly Pick<
    ReportedMigration,
    'name' | 'action' | 'state' | 'durationMs' | 'error'
  >[]
  readonly warnings: readonly object[]
  readonly notices: readonly object[]
  readonly error: ErrorFields | null
}

export interface TenantRecorder {
  /** Whether the event is about one of many, or about them. */
  takes(event: RunEvent): boolean
  /** Undefined where the run was about one database. */
  finish(): ReportedTenants | undefined
}

/** `open`: the recorder for one. */
export function createTenantRecorder(open: () => ReportRecorder): TenantRecorder {
  let found: Extract<RunEvent, { type: 'tenants-found' }> | undefined
  const running = new Map<string, ReportRecorder>()
  const results: ReportedTenant[] = []
  return {
    takes(event) {
      if (event.type === 'tenants-found') found = event
      if (event.tenant === undefined) return event.type === 'tenants-found'
      const { tenant, ...own } = event
      const recorder = running.get(tenant) ?? open()
      running.set(tenant, recorder)
      recorder.listen(own)
      if (own.type === 'run-finished') {
        running.delete(tenant)
        results.push(shorten(tenant, recorder.finish({ outcome: own.outcome })))
      }
      return true
    },
    finish: () =>
      found === undefined
        ? undefined
        : { all: found.all, shard: found.shard ?? null, concurrency: found.concurrency, results },
  }
}

function shorten(tenant: string, report: Report): ReportedTenant {
  const { outcome, exitCode, startedAt, finishedAt, durationMs, database, appliedBefore, ahead } = report
  const { waits, migrations, warnings, notices, error } = report
  return {
    ...{
      tenant,
      outcome,
      exitCode,
      startedAt,
      finishedAt,
      durationMs,
      database,
      appliedBefore,
      ahead,
      waits,
    },
    migrations: migrations.map(({ name, action, state, durationMs: took, error: failure }) => ({
      ...{ name, action, state, durationMs: took, error: failure },
    })),
    ...{ warnings, notices, error },
  }
}
