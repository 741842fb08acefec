/** What history is told of a step outside a transaction: that it began, how far it is, that it is done. */
import { countReverted } from '../../plan/reverting.ts'
import { AlreadyRecorded, type StepwiseAttempt } from '../dialect.ts'
import { insertLog, insertStarted, markApplied, markStatementsDone, updateStarted } from './history-rows.ts'
import type { HistoryNames } from './naming.ts'
import { asAmender, asWriter } from './privileges.ts'
import { logRevert, markReverting, removeReverted, requireDelete } from './revert-rows.ts'
import { type Workplace, writeHistory } from './workplace.ts'

export async function writeIntent(place: Workplace, attempt: StepwiseAttempt): Promise<void> {
  const { names, role } = place
  const { record, statementsDone, reverts } = attempt
  if (reverts === undefined) {
    const intent = attempt.resume
      ? `${updateStarted(names, record)};\n${markStatementsDone(names, record, statementsDone)}`
      : insertStarted(names, record)
    const log = insertLog(names, attempt.resume ? 'resume' : 'start', record, { statementsDone })
    await asWriter(names, role, () => writeHistory(place, `${intent};\n${log}`))
    return
  }
  const intent = `${requireDelete(names)};\n${markReverting(names, reverts, statementsDone)}\nreturning id`
  const log = logRevert(names, record, { event: 'revert', statementsDone })
  const results = await asAmender(names, role, () => writeHistory(place, `${intent};\n${log}`))
  if (results[0]?.rows.length !== 1) throw new AlreadyRecorded('another runner reverted it first')
}

export function writeProgress(names: HistoryNames, attempt: StepwiseAttempt, done: number): string {
  const { record, reverts } = attempt
  if (reverts === undefined) return markStatementsDone(names, record, done)
  return `update ${names.history}
set statements_done = ${countReverted(done)}
where id = ${reverts} and state = 'started' and statements_done < 0`
}

/** Its first result is the one row that is about it. */
export function writeEnd(
  names: HistoryNames,
  { record, reverts }: StepwiseAttempt,
  durationMs: number,
): string {
  if (reverts === undefined)
    return `${markApplied(names, record, 'applied_at')};\n${insertLog(names, 'up', record)}`
  return `${removeReverted(names, reverts)};\n${logRevert(names, record, { event: 'down', duration: String(Math.round(durationMs)) })}`
}
