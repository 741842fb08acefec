/** The report of a run, gathered from its events; docs/formats.md promises the names. */
import type { RunEvent, RunOutcome } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import { eventFields } from './event-fields.ts'
import { createTenantRecorder, type ReportedTenants } from './report-tenants.ts'
import { type Draft, draftOf, isStop, listenToStep, type ReportedMigration, settle } from './report-steps.ts'

export interface Report {
  /** Of this format. Fields may be added to it; one that goes or changes its meaning makes it 2. */
  readonly version: 1
  readonly slipway: string
  readonly verb: string
  readonly runId: string | null
  /** `not-run`: it ended before any migration began. */
  readonly outcome: 'applied' | 'up-to-date' | 'failed' | 'stopped' | 'not-run'
  readonly exitCode: number
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly durationMs: number
  readonly database: string | null
  readonly dialect: string | null
  readonly serverVersion: string | null
  readonly dir: string | null
  /** All migrations were one transaction. */
  readonly together: boolean
  /** How many were applied before. */
  readonly appliedBefore: number | null
  readonly ahead: readonly string[]
  readonly waits: Waits
  /** In the order of the run: what was to be run, as far as it was planned. */
  readonly migrations: readonly ReportedMigration[]
  readonly warnings: readonly object[]
  readonly notices: readonly object[]
  readonly error: ErrorFields | null
  /** Of a run over many; what stands above of migrations, history and database is then empty. */
  readonly tenants?: ReportedTenants | undefined
}

export interface Waits {
  readonly databaseMs: number
  readonly lockMs: number
  /** Who held the run lock meanwhile. */
  readonly lockHolders: readonly unknown[]
}

export interface ReportOptions {
  readonly redact: Redactor
  readonly now: () => Date
  readonly verb: string
  readonly slipway: string
}

export interface ReportRecorder {
  listen(event: RunEvent): void
  /** Not redacted yet. */
  finish(ending: { readonly outcome: RunOutcome } | { readonly error: unknown }): Report
}

export function createReportRecorder(options: ReportOptions): ReportRecorder {
  const startedAt = options.now()
  const facts: {
    started?: Extract<RunEvent, { type: 'run-started' }>
    connected?: Extract<RunEvent, { type: 'connected' }>
    planned?: Extract<RunEvent, { type: 'planned' }>
  } = {}
  const waits = { databaseMs: 0, lockMs: 0, lockHolders: new Map<unknown, unknown>() }
  const drafts = new Map<string, Draft>()
  const told: Record<'warning' | 'notice', object[]> = { warning: [], notice: [] }
  const fieldsOf = (event: RunEvent) => {
    const { event: _, ...fields } = eventFields(event, { redact: options.redact, stack: false })
    return fields
  }

  const tenants = createTenantRecorder(() => createReportRecorder(options))

  const listen = (event: RunEvent) => {
    if (tenants.takes(event)) return
    switch (event.type) {
      case 'run-started':
        facts.started = event
        return
      case 'connected':
        facts.connected ??= event
        waits.databaseMs += event.waitedMs
        return
      case 'waiting-for-lock': {
        const { holder } = fieldsOf(event)
        if (holder !== undefined) waits.lockHolders.set(event.holder?.pid, holder)
        return
      }
      case 'lock-acquired':
        waits.lockMs += event.waitedMs
        return
      case 'planned':
        facts.planned = event
        for (const step of event.steps) drafts.set(step.name, draftOf(step))
        return
      case 'warning':
      case 'notice':
        told[event.type].push(fieldsOf(event))
        return
      default:
        listenToStep(event, drafts, { now: options.now, fieldsOf })
    }
  }

  const finish: ReportRecorder['finish'] = (ending) => {
    const outcome = 'outcome' in ending ? ending.outcome : undefined
    const thrown = outcome === undefined && 'error' in ending ? ending.error : outcome?.error
    const error = thrown === undefined ? null : toErrorFields(thrown, { stack: false })
    const finishedAt = options.now()
    const isTogether = facts.planned?.together === true
    const migrations = [...drafts.values()].map((draft) => settle(draft, { outcome, isTogether }))
    return {
      version: 1,
      slipway: options.slipway,
      verb: options.verb,
      runId: outcome?.runId ?? facts.started?.runId ?? null,
      outcome: nameOutcome(outcome, migrations, thrown),
      exitCode: outcome?.exitCode ?? error?.exitCode ?? 0,
      startedAt,
      finishedAt,
      durationMs: finishedAt.getTime() - startedAt.getTime(),
      database: facts.started?.database ?? null,
      dialect: facts.connected?.dialect ?? null,
      serverVersion: facts.connected?.serverVersion ?? null,
      dir: facts.started?.dir ?? null,
      together: isTogether,
      appliedBefore: facts.planned?.applied ?? null,
      ahead: outcome?.ahead ?? [],
      waits: { ...waits, lockHolders: [...waits.lockHolders.values()] },
      migrations,
      warnings: told.warning,
      notices: told.notice,
      error,
      tenants: tenants.finish(),
    }
  }
  return { listen, finish }
}

function nameOutcome(
  outcome: RunOutcome | undefined,
  migrations: readonly ReportedMigration[],
  thrown: unknown,
): Report['outcome'] {
  if (outcome?.exitCode === 0)
    return outcome.applied.length + outcome.skipped.length > 0 ? 'applied' : 'up-to-date'
  if (isStop(thrown)) return 'stopped'
  if (outcome?.tenants !== undefined && outcome.tenants.failed.length > 0) return 'failed'
  return migrations.some(({ startedAt }) => startedAt !== null) ? 'failed' : 'not-run'
}
