/** What a migration written as code sends its queries through. */
import type { Executor } from '../dialect.ts'

export interface CodeExecutor extends Executor {
  /** Waits for what is on its way, and keeps all that comes later until `work` is done. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** For `work`: sends at once, unless the migration is over or has to stop. */
  readonly inner: Executor
  /** Throws when the migration is over or has to stop. */
  requireGoing(): void
  /** Nothing is sent after this. Resolves when all that was sent is answered and an operation has ended; never throws. */
  end(): Promise<void>
}

/**
 * Queries go out at once, as many as there are; an operation has the session to itself. It is several statements, each
 * sent when the one before is answered: whoever rolls back waits for `end`, or the rest of them would follow and stay.
 */
export function createCodeExecutor(sender: Executor, signal: AbortSignal): CodeExecutor {
  const open = new Set<Promise<unknown>>()
  let turn: Promise<unknown> | undefined
  let ended = false

  function requireGoing(): void {
    signal.throwIfAborted()
    if (ended) throw new Error('the migration has ended; put await in front of every query')
  }

  const inner: Executor = {
    async query(text, values) {
      requireGoing()
      return await sender.query(text, values)
    },
  }

  function follow<T>(answer: Promise<T>): Promise<T> {
    const settled: Promise<void> = answer
      .then(
        () => {},
        () => {},
      )
      .then(() => void open.delete(settled))
    open.add(settled)
    return answer
  }

  return {
    inner,
    requireGoing,
    query(text, values) {
      const send = () => inner.query(text, values)
      return follow(turn === undefined ? send() : turn.then(send))
    },
    exclusively(work) {
      // What waits for an earlier turn is among them.
      const answer = Promise.all([turn, ...open]).then(() => {
        requireGoing()
        return work()
      })
      const mine = answer
        .catch(() => {})
        .then(() => {
          if (turn === mine) turn = undefined
        })
      turn = mine
      return answer
    },
    async end() {
      ended = true
      await Promise.all([turn, ...open])
    },
  }
}
