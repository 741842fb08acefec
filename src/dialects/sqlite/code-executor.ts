/** What a migration written as code sends its queries through. */
import { splitSqlite } from '../../sql/sqlite.ts'
import type { Executor, Row } from '../dialect.ts'
import { yieldToSignals } from './poll.ts'
import type { SentStatement } from './send.ts'

export interface CodeExecutor extends Executor {
  /** Takes one turn for all that `work` sends: no other query comes in between. */
  exclusively<T>(work: (executor: Executor) => Promise<T>): Promise<T>
  /** Every later query is refused. */
  end(): void
}

export type RunOne = (statement: SentStatement, values: readonly unknown[]) => Row[] | Promise<Row[]>

/**
 * Statements run in the order in which they were asked for, each to its end: without values a text may hold several,
 * and the last one's rows are the answer.
 */
export function createCodeExecutor(runOne: RunOne): CodeExecutor {
  let ended = false
  let queue: Promise<unknown> = Promise.resolve()

  const refuseLate = () => {
    if (ended) throw new Error('the migration has ended; put await in front of every query')
  }

  const runText = async (text: string, values: readonly unknown[]): Promise<Row[]> => {
    let rows: Row[] = []
    for (const statement of statementsOf(text, values)) {
      await yieldToSignals()
      refuseLate()
      rows = await runOne(statement, values)
    }
    return rows
  }

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const answer = queue.then(work)
    queue = answer.catch(() => undefined)
    return answer
  }

  return {
    query: (text, values) => inTurn(() => runText(text, values)),
    exclusively: (work) =>
      inTurn(async () => {
        refuseLate()
        return await work({ query: runText })
      }),
    end: () => {
      ended = true
    },
  }
}

/** A text with values is one statement; SQLite says so if it is not. */
function statementsOf(text: string, values: readonly unknown[]): readonly SentStatement[] {
  if (values.length > 0) return [{ text, sentAt: 0 }]
  return splitSqlite(text).map((statement) => ({ text: statement.text, sentAt: statement.offset }))
}
