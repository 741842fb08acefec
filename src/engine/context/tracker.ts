/** Knows every query a migration makes, so that none is left half-awaited and a failing one can be pointed at. */
import type { Executor, Row } from '../../dialects/dialect.ts'
import { SlipwayError } from '../../errors.ts'
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
  /** Work that begins at once, such as a check. */
  follow<T>(work: () => Promise<T>): Promise<T>
  /** Throws not-awaited when a query never started or has not finished. No query starts after this. */
  finish(): void
  /** The migration failed: what is left of it in the air starts no query any more. */
  close(): void
  /** A query of the migration reached its end. */
  readonly didWork: boolean
  /** The first query that failed, also when the migration swallowed its error. */
  readonly failed: FailedQuery | undefined
}

interface Tracked {
  state: 'made' | 'embedded' | 'running' | 'done'
  readonly stack: string
  text: string
}

export function createTracker(executor: Executor, signal: AbortSignal): QueryTracker {
  // Weak: a migration may send a million queries, and each holds its rows.
  const queries = new WeakMap<object, Tracked>()
  const open = new Set<Tracked>()
  let failed: FailedQuery | undefined
  let isOver = false
  let didWork = false

  async function run(tracked: Tracked, build: () => BuiltStatement): Promise<Row[]> {
    if (isOver) throw new Error('this query was started after its migration had ended')
    signal.throwIfAborted()
    tracked.state = 'running'
    open.add(tracked)
    try {
      const statement = build()
      tracked.text = statement.text
      const rows = await executor.query(statement.text, statement.values)
      didWork = true
      return rows
    } catch (error) {
      failed ??= { error, text: tracked.text, stack: tracked.stack }
      throw error
    } finally {
      tracked.state = 'done'
      open.delete(tracked)
    }
  }

  async function followWork<T>(tracked: Tracked, work: () => Promise<T>): Promise<T> {
    if (isOver) throw new Error('this check was started after its migration had ended')
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      failed ??= { error, text: tracked.text, stack: tracked.stack }
      throw error
    } finally {
      tracked.state = 'done'
      open.delete(tracked)
    }
  }

  return {
    add(query) {
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
      const running = run(tracked, build)
      running.catch(() => {})
      return running
    },
    follow(work) {
      const tracked: Tracked = { state: 'running', stack: captureStack(), text: '' }
      open.add(tracked)
      const running = followWork(tracked, work)
      running.catch(() => {})
      return running
    },
    finish() {
      isOver = true
      for (const tracked of open) throw notAwaited(tracked)
    },
    close() {
      isOver = true
    },
    get didWork() {
      return didWork
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
