/** `history` as a library. */
import type { Run } from '../engine/run.ts'
import { reading } from '../engine/survey.ts'
import type { HistoryResult } from '../reporters/results.ts'
import { databaseFacts } from '../reporters/survey-results.ts'
import type { HistoryOptions } from './requests.ts'

export function readHistory(run: Run, { all }: HistoryOptions): Promise<HistoryResult> {
  return reading(run, async (session) => ({
    ...databaseFacts(run, session.facts),
    rows: (await session.readHistory()).rows,
    log: all === true ? await session.readLog() : undefined,
  }))
}
