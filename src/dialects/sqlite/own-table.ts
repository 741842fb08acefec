/** The table that long work is about, and a way to ask about it. */
import type { Executor } from '../dialect.ts'
import { findRelation, type Relation } from './lookup.ts'
import { sendStatement } from './send.ts'
import type { StepwiseRun } from './stepwise-run.ts'

/** Throws where there is none. */
export async function requireTable(
  { handle }: Pick<StepwiseRun, 'handle'>,
  name: string,
): Promise<{ readonly table: Relation; readonly executor: Executor }> {
  const executor: Executor = {
    query: async (text, values) => sendStatement(handle, { text, sentAt: 0 }, values),
  }
  const table = await findRelation(executor, name)
  if (table?.type !== 'table') throw new Error(`there is no table ${name}`)
  return { table, executor }
}
