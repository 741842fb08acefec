/** Where a non-transactional step goes on after an interruption. */
import type { Attempt, Session, StepwiseAttempt } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { HistoryRow } from '../plan/migration.ts'
import { repairCommand } from '../plan/repair.ts'
import { parseDirectives } from '../sql/directives.ts'
import type { StepPlace } from './execute.ts'

/** `isRetry`: this run has already begun the step. Throws unfinished when the finished part of the file was edited. */
export async function openResumption(
  place: StepPlace,
  attempt: Attempt,
  isRetry: boolean,
): Promise<StepwiseAttempt> {
  const row = isRetry ? await readRow(place) : place.step.history
  if (row === undefined || row.state !== 'started') {
    return { ...attempt, resume: false, statementsDone: 0, failedBefore: false }
  }
  const statementsDone = place.migration.body.kind === 'sql' ? row.statementsDone : 0
  if (row.checksum !== place.migration.file.checksum && statementsDone > 0)
    await requireSameStart(place, statementsDone)
  const failedBefore = isRetry || (await hasFailedBefore(place, row))
  return { ...attempt, resume: true, statementsDone, failedBefore }
}

async function readRow({ session, step }: StepPlace): Promise<HistoryRow | undefined> {
  const { rows } = await session.readHistory()
  return rows.find((row) => row.name === step.name)
}

/** An error that the server reported is in the log; a crash is not. */
async function hasFailedBefore({ session }: StepPlace, row: HistoryRow): Promise<boolean> {
  // The row of what is being reverted still names the run that applied it.
  const runId = row.reverting === true ? await findReverter(session, row.name) : row.runId
  const failures = await session.failuresSince(new Date(0))
  return failures.some((failure) => failure.name === row.name && failure.runId === runId)
}

async function findReverter(session: Session, name: string): Promise<string | undefined> {
  const log = await session.readLog()
  return log.findLast((line) => line.event === 'revert' && line.name === name)?.runId
}

/** The tail of an unfinished file may be edited; what already ran may not. */
async function requireSameStart(
  { run, session, migration }: StepPlace,
  statementsDone: number,
): Promise<void> {
  const { file, body } = migration
  const stored = await session.readSource(file.name)
  if (stored === undefined || body.kind !== 'sql') return
  const { up, down } = parseDirectives(stored, run.dialect.name)
  const section = migration.direction === 'down' ? down : up
  const before = await run.dialect.parse(section?.text ?? '').catch(() => [])
  const isSame = body.statements
    .slice(0, statementsDone)
    .every((statement, index) => before[index]?.text === statement.text)
  if (isSame) return
  throw new SlipwayError(
    'unfinished',
    `${file.name} stopped after statement ${statementsDone}, and its first ${statementsDone} statements were edited since`,
    {
      migration: file.name,
      location: { file: file.up.shown },
      hint: `restore the statements that already ran and edit only those after them; or undo them, then: ${repairCommand('retry', file.name)}`,
    },
  )
}
