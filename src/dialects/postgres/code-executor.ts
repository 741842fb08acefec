/** What a migration written as code sends its queries through. */
import type { Executor } from '../dialect.ts'

export interface CodeExecutor extends Executor {
  /** Waits for what is on its way, and keeps all that comes later until `work` is done. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
}

/** Queries go out at once, as many as there are; an operation has the session to itself. */
export function createCodeExecutor(inner: Executor): CodeExecutor {
  const open = new Set<Promise<unknown>>()
  let turn: Promise<unknown> | undefined

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
    query(text, values) {
      const send = () => inner.query(text, values)
      return follow(turn === undefined ? send() : turn.then(send))
    },
    exclusively(work) {
      // What waits for an earlier turn is among them.
      const answer = Promise.all([turn, ...open]).then(work)
      const mine = answer
        .catch(() => {})
        .then(() => {
          if (turn === mine) turn = undefined
        })
      turn = mine
      return answer
    },
  }
}
