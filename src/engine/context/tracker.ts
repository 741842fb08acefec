/** Knows every query a migration makes, so that none is left half-awaited and a failing one can be pointed at. */
import type { Executor, Row } from '../../dialects/dialect.ts'
import { isSlipwayError, SlipwayError } from '../../errors.ts'
import type { BuiltStatement } from './template.ts'

export interface FailedQuery {
  readonly error: unknown
  readonly text: string
  /** Stack at the place where the query was written. */
  readonly stack: string
}

export interface QueryTracker {
  add(query: object): void
  /** It became part of another query and will not run by itself. */
  embed(query: object): void
  start(query: object, build: () => BuiltStatement): Promise<Row[]>
  /** Work that begins at once, such as a check. It may say what it sends. */
  follow<T>(work: (say: (text: string) => void) => Promise<T>): Promise<T>
  /** The same for work that changes something; it says each text that it sends, for a failure to point at. */
  work<T>(work: (say: (text: string) => void) => Promise<T>): Promise<T>
  /** Throws not-awaited when a query never started or has not finished. */
  finish(): void
  /** The migration is over, one way or another: no query starts after this, and none that still runs tells its result. */
  end(): void
  /** How many queries, checks and operations are under way. */
  readonly running: number
  /** How many queries and operations the database has answered without an error. */
  readonly answered: number
  /** The first query that failed, also when the migration swallowed its error. */
  readonly failed: FailedQuery | undefined
}

interface Tracked {
  state: 'made' | 'embedded' | 'running' | 'done'
  readonly stack: string
  text: string
}

/** `name` is the migration's, for messages. */
export function createTracker(executor: Executor, signal: AbortSignal, name: string): QueryTracker {
  // Weak: a migration may send a million queries, and each holds its rows.
  const queries = new WeakMap<object, Tracked>()
  const open = new Set<Tracked>()
  let failed: FailedQuery | undefined
  let isOver = false
  let answered = 0

  async function run<T>(tracked: Tracked, work: () => Promise<T>): Promise<T> {
    refuseLate()
    signal.throwIfAborted()
    tracked.state = 'running'
    open.add(tracked)
    try {
      return await work()
    } catch (error) {
      failed ??= { error, text: tracked.text, stack: tracked.stack }
      throw error
    } finally {
      tracked.state = 'done'
      open.delete(tracked)
      // What a rollback does to a query that nobody awaited is no error of its own.
      if (isOver && !signal.aborted) await new Promise(() => {})
    }
  }

  function refuseLate(): void {
    if (isOver) throw new Error(`${name} had already ended when it made this query`)
  }

  return {
    add(query) {
      refuseLate()
      const tracked: Tracked = { state: 'made', stack: captureStack(), text: '' }
      queries.set(query, tracked)
      open.add(tracked)
    },
    embed(query) {
      const tracked = queries.get(query)
      if (tracked?.state !== 'made') return
      tracked.state = 'embedded'
      open.delete(tracked)
    },
    start(query, build) {
      const tracked = queries.get(query)
      if (tracked === undefined) return Promise.reject(new Error('a query of another migration'))
      const running = run(tracked, () => {
        const statement = build()
        tracked.text = statement.text
        return executor.query(statement.text, statement.values)
      })
      running.then(
        () => {
          answered += 1
        },
        () => {},
      )
      return running
    },
    follow(work) {
      const tracked: Tracked = { state: 'running', stack: captureStack(), text: '' }
      const running = run(tracked, () =>
        work((text) => {
          tracked.text = text
        }),
      )
      running.catch(() => {})
      return running
    },
    work(work) {
      const tracked: Tracked = { state: 'running', stack: captureStack(), text: '' }
      const note = (text: string) => {
        tracked.text = text
      }
      const running = run(tracked, () => work(note))
      running.then(
        () => {
          answered += 1
        },
        (error: unknown) => {
          // Where it was asked for says more than where it was found out.
          if (isSlipwayError(error)) error.stack = tracked.stack
        },
      )
      return running
    },
    finish() {
      for (const tracked of open) throw notAwaited(tracked)
    },
    end() {
      isOver = true
    },
    get running() {
      return [...open].filter(({ state }) => state === 'running').length
    },
    get answered() {
      return answered
    },
    get failed() {
      return failed
    },
  }
}

function captureStack(): string {
  return new Error().stack ?? ''
}

function notAwaited(tracked: Tracked): SlipwayError {
  const what =
    tracked.state === 'made'
      ? 'was never awaited, so it did not run'
      : 'was started but not awaited to its end'
  const error = new SlipwayError('not-awaited', `a query ${what}`)
  error.stack = tracked.stack
  return error
}
