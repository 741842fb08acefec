/** A run over many tenants: each with a session, a history and a lock of its own; none of them blocks another. */
import { SlipwayError } from '../../errors.ts'
import type { RunOutcome } from '../../events.ts'
import type { UpRequest } from '../planning.ts'
import type { Progress } from '../progress.ts'
import type { Run } from '../run.ts'
import { startUp } from '../up.ts'
import { waitForDatabase, waitForMigrations } from '../wait.ts'
import { combineFailures } from './failures.ts'
import { type FindOptions, type FoundTenants, findTenants } from './find-tenants.ts'
import { shareFolder } from './folder.ts'
import { eachOf } from './pool.ts'
import type { Tenant } from './tenant.ts'
import { formatDuration } from '../../text/format-time.ts'
import { runTenant, type TenantWork } from './run-tenant.ts'
import { openTenantRuns } from './tenant-run.ts'

export function startUpAll(run: Run, request: UpRequest): (progress: Progress) => Promise<void> {
  return (progress) =>
    runTenants(run, progress, {
      isUpToDateEnough: request.target === undefined,
      intent: 'write',
      work: (tenantRun, own) => startUp(tenantRun, request)(own),
    })
}

/** `timeoutMs` is for all of them together. */
export function waitForAll(
  run: Run,
  { timeoutMs, for: what }: { readonly timeoutMs: number; readonly for: 'migrations' | 'database' },
): (progress: Progress) => Promise<void> {
  const began = performance.now()
  const wait = what === 'database' ? waitForDatabase : waitForMigrations
  return (progress) =>
    runTenants(run, progress, {
      isUpToDateEnough: what === 'migrations',
      intent: 'read',
      patienceMs: timeoutMs,
      // One that failed while others were waited for has failed.
      work(tenantRun) {
        const waitedMs = performance.now() - began
        return wait(tenantRun, Math.max(0, timeoutMs - waitedMs), waitedMs)
      },
    })
}

interface Work extends TenantWork, Pick<FindOptions, 'intent' | 'patienceMs'> {
  /** Nothing is left to do for whom the history is what the folder says. */
  readonly isUpToDateEnough: boolean
}

/** Throws when it is stopped, and one error for all tenants that failed. */
async function runTenants(
  run: Run,
  progress: Progress,
  { isUpToDateEnough, intent, patienceMs, work }: Work,
): Promise<void> {
  const folder = shareFolder(run)
  const runs = openTenantRuns(run, folder)
  // What is wrong with the folder is told without a database, and once.
  const look = await folder.look()
  const found = await findTenants(run, { digests: isUpToDateEnough && look.count > 0, intent, patienceMs })
  const isDone = ({ schema }: Tenant) =>
    schema !== undefined && look.count > 0 && found.digests.get(schema)?.digest === look.digest
  const { done, rest } = Object.groupBy(found.tenants, (tenant) => (isDone(tenant) ? 'done' : 'rest'))
  const book = openBook(progress)
  tellFound(run, found, done?.length ?? 0)
  for (const { name } of done ?? []) {
    tellUpToDate(run, name, look.count)
    book.upToDate.push(name)
  }
  const { concurrency, maxFailures = Number.POSITIVE_INFINITY } = run.config
  const isOver = intent === 'write' ? watchTime(run, book) : () => false
  const goesOn = () => !run.signal.aborted && book.failed.length < maxFailures && !isOver()
  // Those that another run works on are left for the end: by then it is done with them, most likely.
  const held: Tenant[] = []
  const isCrowded = (rest?.length ?? 0) > concurrency
  const left = await eachOf(rest ?? [], { concurrency, goesOn }, async (tenant) => {
    const outcome = await runTenant(run, { tenant, runs, work, mayPutOff: isCrowded })
    if (outcome === undefined) held.push(tenant)
    else book.enter(tenant, outcome, run.signal.aborted)
  })
  const stillHeld = await eachOf(held, { concurrency, goesOn }, async (tenant) => {
    const outcome = await runTenant(run, { tenant, runs, work, mayPutOff: false })
    if (outcome !== undefined) book.enter(tenant, outcome, run.signal.aborted)
  })
  book.notDone.push(...[...left, ...stillHeld].map(({ name }) => name))
  run.signal.throwIfAborted()
  if (book.failed.length > 0) throw combineFailures(run.verb, book, found)
  if (book.notDone.length > 0) throw outOfTime(run, book)
}

/** SLIPWAY_MAX_DURATION. A run that has done something at least comes to an end some day. */
function watchTime({ config: { maxDurationMs }, began = 0 }: Run, book: TenantBook): () => boolean {
  const countEnded = () => book.migrated.length + book.upToDate.length + book.failed.length
  const before = countEnded()
  return () => maxDurationMs > 0 && countEnded() > before && performance.now() - began >= maxDurationMs
}

function outOfTime({ config }: Run, { notDone }: TenantBook): SlipwayError {
  const limit = `--max-duration ${formatDuration(config.maxDurationMs)}`
  const some = notDone.length === 1 ? '1 tenant was' : `${notDone.length} tenants were`
  return new SlipwayError('out-of-time', `${some} not begun with: the time of ${limit} was over`)
}

function tellFound(run: Run, { all, tenants, shard }: FoundTenants, upToDate: number): void {
  run.emit({
    type: 'tenants-found',
    all,
    tenants: tenants.length,
    upToDate,
    concurrency: run.config.concurrency,
    ...(shard === undefined ? {} : { shard: `${shard.part}/${shard.of}` }),
  })
}

/** As a run of its own would tell it. */
function tellUpToDate(run: Run, tenant: string, applied: number): void {
  run.emit({ type: 'planned', tenant, steps: [], applied, ahead: [] })
  const nothing = { applied: [], skipped: [], pending: [], ahead: [] }
  const outcome = { runId: run.runId, verb: run.verb, exitCode: 0, durationMs: 0, ...nothing }
  run.emit({ type: 'run-finished', tenant, outcome })
}

export interface TenantBook {
  readonly migrated: string[]
  readonly upToDate: string[]
  readonly failed: { readonly tenant: string; readonly error: SlipwayError }[]
  readonly notDone: string[]
}

/** Kept in `progress`, so that it is told however the run ends. */
function openBook(progress: Progress): TenantBook & {
  enter(tenant: Tenant, outcome: RunOutcome, isStopped: boolean): void
} {
  const book: TenantBook = { migrated: [], upToDate: [], failed: [], notDone: [] }
  progress.tenants = book
  return {
    ...book,
    enter({ name }, { error, applied, skipped, pending, ahead }, isStopped) {
      progress.applied = union(progress.applied, applied)
      progress.skipped = union(progress.skipped, skipped)
      progress.ahead = union(progress.ahead, ahead)
      progress.pending = union(progress.pending, pending)
      if (error === undefined) book[applied.length + skipped.length > 0 ? 'migrated' : 'upToDate'].push(name)
      else if (isStopped) book.notDone.push(name)
      else book.failed.push({ tenant: name, error })
    },
  }
}

function union(known: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...known, ...more])]
}
