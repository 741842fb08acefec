/** The context of one migration, its queries watched. */
import type { Checks, DialectName, Executor, LongWork } from '../../dialects/dialect.ts'
import type { OpenOperations, Operations } from '../../dialects/operations.ts'
import type { DeclaredOptions } from '../../plan/migration.ts'
import { transactionControlOf } from '../../sql/transaction-control.ts'
import type { Run } from '../run.ts'
import { type Gate, type LongOperations, openLongOperations, requireFree } from './long-work.ts'
import { createOperations } from './operations.ts'
import { createSql, type Sql } from './sql.ts'
import { createTracker, type QueryTracker } from './tracker.ts'

/** What a migration function receives. */
export interface MigrationContext extends Checks, LongOperations {
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
  /** When the migration has returned: throws what it may not have swallowed. */
  finish(): void
  /** However it ended; resolves when the session is nobody else's. */
  end(): Promise<void>
}

/** What a step gives to the context of its migration. */
export interface ContextParts {
  readonly run: Run
  /** Of the migration. */
  readonly name: string
  readonly executor: Executor
  readonly checks: Checks
  readonly operations: OpenOperations
  readonly options: Pick<DeclaredOptions, 'resumable'>
  /** Undefined inside a transaction. */
  readonly long?: LongWork | undefined
}

export function openContext({ run, name, options, long, ...parts }: ContextParts): OpenContext {
  const { echo } = run
  const gate: Gate = { state: 'free' }
  const executor = echo?.overhear(parts.executor, name) ?? parts.executor
  const tracker = createTracker(guard(executor, gate), run.signal, name)
  const sql = createSql({ tracker, placeholder: run.dialect.placeholder, quoteId: run.dialect.quoteId })
  const { operations, finish, settle } = openLongOperations({ run, name, options, tracker, long, gate })
  return {
    tracker,
    finish() {
      tracker.finish()
      finish()
    },
    async end() {
      tracker.end()
      await settle()
    },
    context: {
      ...trackChecks(parts.checks, tracker, gate),
      ...operations,
      sql,
      op: createOperations({
        tracker,
        gate,
        open: parts.operations,
        overhear: (inner, part) => echo?.overhear(inner, name, part ?? 'operations') ?? inner,
        attempt: () => echo?.attempt?.(name),
      }),
      dialect: run.dialect.name,
      log: (message, data) =>
        run.emit({ type: 'migration-log', name, message, ...(data === undefined ? {} : { data }) }),
      signal: run.signal,
      env: run.env,
    },
  }
}

/** A check is a query as well: one left un-awaited is caught the same way. */
function trackChecks(checks: Checks, tracker: QueryTracker, gate: Gate): Checks {
  const tracked = Object.entries(checks).map(([name, check]) => [
    name,
    (...args: unknown[]) =>
      tracker.follow(async () => {
        requireFree(gate)
        return await (check as (...a: unknown[]) => Promise<unknown>)(...args)
      }),
  ])
  return Object.fromEntries(tracked) as unknown as Checks
}

function guard(executor: Executor, gate: Gate): Executor {
  return {
    async query(text, values) {
      requireFree(gate)
      const control = gate.state === 'open' ? transactionControlOf(text) : undefined
      if (control !== undefined && control !== 'other')
        throw new Error(
          `the transaction is the batch's own; its function may not send: ${text.trim().slice(0, 40)}`,
        )
      return await executor.query(text, values)
    },
  }
}
