/** What a migration calls for work that takes longer than a transaction should. Each kind is loaded when it is called. */
import type { LongWork } from '../../dialects/dialect.ts'
import { SlipwayError } from '../../errors.ts'
import type { DeclaredOptions } from '../../plan/migration.ts'
import type { Run } from '../run.ts'
import type { BackfillOptions, BackfillResult, ConcurrentIndexOptions } from './long-options.ts'
import type { Fragment } from './template.ts'
import type { QueryTracker } from './tracker.ts'

/** Only outside a transaction: `export const options = { transaction: false, resumable: true }`. */
export interface LongOperations {
  /**
   * Changes the rows of a table in batches, each of them a transaction that also writes down how far it came: a run
   * that was killed goes on there, and no row is changed twice.
   * @example await backfill({ table: 'users', set: 'email_lower = lower(email)', where: 'email_lower is null' })
   */
  backfill(options: BackfillOptions): Promise<BackfillResult>
  /**
   * An index that is valid when this returns. Builds it while the app writes, drops what an earlier attempt left
   * INVALID, tries again after lock trouble; a plain index on an empty table, and on SQLite.
   * @example await createIndexConcurrently('users', ['email'], { unique: true })
   */
  createIndexConcurrently(
    table: string,
    columns: string | readonly (string | Fragment)[],
    options?: ConcurrentIndexOptions,
  ): Promise<void>
  /** Checks the rows that were there when the constraint was added NOT VALID, while the app writes. */
  validateConstraint(table: string, constraint: string): Promise<void>
  /** SET NOT NULL without reading the table under an exclusive lock: by way of a CHECK that is validated first. */
  setNotNull(table: string, column: string): Promise<void>
}

export interface LongParts {
  readonly run: Run
  /** Of the migration. */
  readonly name: string
  readonly options: Pick<DeclaredOptions, 'resumable'>
  readonly tracker: QueryTracker
  /** Undefined inside a transaction. */
  readonly long: LongWork | undefined
  readonly gate: Gate
}

/** Keeps the one session to the long work while that goes on; `open` within a batch, to the function that works it out. */
export interface Gate {
  state: 'free' | 'busy' | 'open'
}

/** Throws where a query would end up in the middle of long work. */
export function requireFree({ state }: Gate): void {
  if (state === 'busy')
    throw new Error('long work of this migration still goes on; await it before another query')
}

/** The rest of what is under way would end up in the middle of long work, or of what follows it: one is the long work itself. */
export function requireNothingElse({ running }: QueryTracker, before: string): void {
  if (running > 1)
    throw new SlipwayError(
      'not-awaited',
      `a query of this migration is still on its way; await it before ${before}`,
    )
}

/** What the work itself needs. */
export interface LongPlace extends Omit<LongParts, 'long'> {
  readonly long: LongWork
  /** How often each table was asked for. */
  readonly asked: Map<string, number>
  readonly say: (text: string) => void
  /** Aborted when the run has to stop, and when the migration is over. */
  readonly signal: AbortSignal
}

export interface OpenOperations {
  readonly operations: LongOperations
  /** Ends what was not awaited, and resolves when nothing of it is on its way any more. Never throws. */
  settle(): Promise<void>
  /** Throws what ended a backfill early, also when the migration swallowed it. */
  finish(): void
}

/** Of what was not awaited, a part may have been undone with its batch. */
const endings: ReadonlySet<string> = new Set(['out-of-time', 'not-awaited'])

export function openLongOperations(parts: LongParts): OpenOperations {
  const asked = new Map<string, number>()
  const over = new AbortController()
  const signal = AbortSignal.any([parts.run.signal, over.signal])
  let running: Promise<unknown> = Promise.resolve()
  let stopped: SlipwayError | undefined
  const begin = async <T>(
    what: keyof LongOperations,
    say: (text: string) => void,
    work: (place: LongPlace) => Promise<T>,
  ): Promise<T> => {
    requireFree(parts.gate)
    requireNothingElse(parts.tracker, what)
    const long = requireOutside(parts, what)
    parts.gate.state = 'busy'
    try {
      return await work({ ...parts, long, asked, signal, say: sayAndEcho(parts, say) })
    } catch (error) {
      if (error instanceof SlipwayError && endings.has(error.code)) stopped ??= error
      throw error
    } finally {
      parts.gate.state = 'free'
    }
  }
  const enter = <T>(what: keyof LongOperations, work: (place: LongPlace) => Promise<T>): Promise<T> =>
    parts.tracker.follow((say) => {
      const one = begin(what, say, work)
      running = Promise.allSettled([running, one])
      return one
    })
  return {
    async settle() {
      over.abort(new Error(`${parts.name} had already ended`))
      await running
    },
    operations: {
      backfill: (options) =>
        enter('backfill', async (place) => (await import('./backfill.ts')).runBackfill(place, options)),
      createIndexConcurrently: (table, columns, options = {}) =>
        enter('createIndexConcurrently', async (place) =>
          (await import('./build-index.ts')).createIndex(place, { table, columns, options }),
        ),
      validateConstraint: (table, constraint) =>
        enter('validateConstraint', async (place) => {
          const { retrying } = await import('./retrying.ts')
          await retrying(place, () => place.long.validateConstraint(table, constraint, place.say))
        }),
      setNotNull: (table, column) =>
        enter('setNotNull', async (place) => {
          const { retrying } = await import('./retrying.ts')
          try {
            await retrying(place, () => place.long.setNotNull(table, column, place.say))
          } catch (error) {
            await place.long.undoNotNull(table, column, place.say)
            throw error
          }
        }),
    },
    finish() {
      if (stopped !== undefined) throw stopped
    },
  }
}

function sayAndEcho({ run, name }: LongParts, say: (text: string) => void): (text: string) => void {
  return (text) => {
    say(text)
    run.echo?.said(name, text)
  }
}

/** Throws long-work-refused. */
function requireOutside({ long, options }: LongParts, what: keyof LongOperations): LongWork {
  if (long === undefined || long.isInTransaction)
    throw new SlipwayError(
      'long-work-refused',
      `${what} works in transactions of its own, and this is within one`,
    )
  // Without it an interruption would leave a step that only a person could take up, and meanwhile a half-built index or a check.
  if (!options.resumable)
    throw new SlipwayError(
      'long-work-refused',
      `${what} goes on where it was interrupted, so its migration has to be resumable`,
    )
  return long
}
