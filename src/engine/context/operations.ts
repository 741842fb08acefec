/** `op` of a migration: one operation at a time, each tracked like a query, loaded with the first. */
import {
  type OpenOperations,
  type Operations,
  operationNames,
  type Overhear,
} from '../../dialects/operations.ts'
import { type Gate, requireFree } from './long-work.ts'
import type { QueryTracker } from './tracker.ts'

type Operation = (...args: unknown[]) => Promise<void>

export interface OperationParts {
  readonly tracker: QueryTracker
  /** Closed while long work has the session. */
  readonly gate: Gate
  readonly open: OpenOperations
  readonly overhear?: Overhear | undefined
  /** Told that one begins; the answer is told that nothing of it has happened. */
  readonly attempt?: () => (() => void) | undefined
}

export function createOperations({ tracker, gate, open, overhear, attempt }: OperationParts): Operations {
  let opened: Promise<Operations> | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let current: (text: string) => void = () => {}
  const listen: Overhear = (executor, part) => {
    const inner = overhear?.(executor, part) ?? executor
    return {
      query: (text, values) => {
        current(text)
        return inner.query(text, values)
      },
    }
  }
  const call = (name: keyof Operations, args: readonly unknown[]): Promise<void> =>
    tracker.work((note) => {
      const run = async () => {
        requireFree(gate)
        current = note
        opened ??= open(listen)
        const undone = attempt?.()
        try {
          await ((await opened)[name] as Operation)(...args)
        } catch (error) {
          undone?.()
          throw error
        }
      }
      // Promise.all over operations must not interleave their statements.
      const running = queue.then(run)
      queue = running.catch(() => {})
      return running
    })
  const operations = operationNames.map((name) => [name, (...args: unknown[]) => call(name, args)])
  return Object.fromEntries(operations) as unknown as Operations
}
