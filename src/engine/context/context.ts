/** The context of one migration, its queries watched. */
import type { Checks, DialectName, Executor } from '../../dialects/dialect.ts'
import type { OpenOperations, Operations } from '../../dialects/operations.ts'
import type { Run } from '../run.ts'
import { createOperations } from './operations.ts'
import { createSql, type Sql } from './sql.ts'
import { createTracker, type QueryTracker } from './tracker.ts'

/** What a migration function receives. */
export interface MigrationContext extends Checks {
  readonly sql: Sql
  /**
   * Changes of the schema that read the same on every database, idempotent: `op.addColumn('users', 'plan', 'text')`.
   * On SQLite they rebuild the table where `alter table` cannot; see docs/operations.md.
   */
  readonly op: Operations
  readonly dialect: DialectName
  /** Shown with the run's output: `log('backfilled', { rows })`. */
  readonly log: (message: string, data?: unknown) => void
  /** Aborted when the run has to stop; queries reject by themselves. */
  readonly signal: AbortSignal
  /** The environment, for migrations that depend on it. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface OpenContext {
  readonly context: MigrationContext
  readonly tracker: QueryTracker
}

export interface ContextParts {
  readonly executor: Executor
  readonly checks: Checks
  readonly operations: OpenOperations
}

export function openContext(run: Run, name: string, parts: ContextParts): OpenContext {
  const echo = run.echo
  const overhear =
    echo === undefined ? undefined : (executor: Executor): Executor => echo.overhear(executor, name)
  const executor = overhear?.(parts.executor) ?? parts.executor
  const tracker = createTracker(executor, run.signal, name)
  const sql = createSql({ tracker, placeholder: run.dialect.placeholder, quoteId: run.dialect.quoteId })
  return {
    tracker,
    context: {
      ...trackChecks(parts.checks, tracker),
      sql,
      op: createOperations({ tracker, open: parts.operations, overhear }),
      dialect: run.dialect.name,
      log: (message, data) =>
        run.emit({ type: 'migration-log', name, message, ...(data === undefined ? {} : { data }) }),
      signal: run.signal,
      env: run.env,
    },
  }
}

/** A check is a query as well: one left un-awaited is caught the same way. */
function trackChecks(checks: Checks, tracker: QueryTracker): Checks {
  const tracked = Object.entries(checks).map(([name, check]) => [
    name,
    (...args: unknown[]) => tracker.follow(() => (check as (...a: unknown[]) => Promise<unknown>)(...args)),
  ])
  return Object.fromEntries(tracked) as unknown as Checks
}
