/** The history, and what `up` would say of files and history together, as `doctor` sees them. */
import type { LogRecord } from '../dialects/amendment.ts'
import type { Diagnosis } from '../dialects/diagnosis.ts'
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { isSlipwayError, type SlipwayError } from '../errors.ts'
import type { LockHolder } from '../events.ts'
import type { Discovery } from '../files/discover.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
import { describeHolder } from '../text/describe-holder.ts'
import { failed, failedForAll } from './doctor-verdict.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'
import { loadOptions } from './survey.ts'

export async function examineHistory(session: Session): Promise<Diagnosis[]> {
  const tables = describeTables(session, await session.readHistory())
  return [tables, ...lastFailure(await session.readLog())]
}

function describeTables({ facts }: Session, { exists, rows }: HistorySnapshot): Diagnosis {
  const found = exists ? `, ${rows.length} recorded` : ' does not exist yet; slipway up makes it'
  return { check: 'history', level: 'ok', message: `${facts.historyTable}${found}` }
}

function lastFailure(log: readonly LogRecord[]): Diagnosis[] {
  const last = log.at(-1)
  if (last?.event !== 'failure') return []
  return [
    {
      check: 'history',
      level: 'warn',
      message: `the last run failed at ${last.at.toISOString()}: ${last.detail ?? last.name}`,
      remedy: 'slipway history --all',
    },
  ]
}

interface Examined {
  readonly run: Run
  readonly session: Session
  readonly found: Discovery | undefined
  /** Who held the run lock a moment ago. */
  readonly holder: LockHolder | undefined
}

const check = 'migrations'

/** Nothing to say without files, or where the history itself cannot be read: that is told already. */
export async function examinePlan({ run, session, found, holder }: Examined): Promise<Diagnosis[]> {
  const snapshot = found === undefined ? undefined : await readQuietly(session)
  if (found === undefined || snapshot === undefined) return []
  try {
    const options = await loadOptions(run, found, snapshot)
    const result = await planAgainst({ run, session, found, snapshot, options, request: {} })
    const warnings = result.warnings
      .filter(({ code }) => code !== 'mixed-versions')
      .map(({ message }): Diagnosis => ({ check, level: 'warn', message, remedy: 'slipway status' }))
    if (result.kind === 'refusal')
      return [...(await describeReasons(result.reasons, run, session, holder)), ...warnings]
    const todo = result.steps.length
    const message = todo === 0 ? 'up to date' : `${todo} to run: ${withTypedFlags('slipway up')}`
    return [{ check, level: 'ok', message }, ...warnings]
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    return failedForAll(check, error)
  }
}

/** What looks unfinished may be under way, in the hands of whoever has the run lock. */
async function describeReasons(
  reasons: readonly SlipwayError[],
  run: Run,
  session: Session,
  before: LockHolder | undefined,
): Promise<Diagnosis[]> {
  const isInDoubt = reasons.some(({ code }) => code === 'unfinished')
  const holder = isInDoubt ? (before ?? (await session.runLockHolder())) : undefined
  return reasons.map((reason) => {
    if (reason.code !== 'unfinished' || holder === undefined) return failed(check, reason)
    const who = describeHolder(holder, session.facts.now, run.config.redact)
    const message = `${reason.facts.migration} is not finished; the run lock is held by ${who}, and that may be at it`
    return { check, level: 'warn', message, remedy: 'when that has ended: slipway doctor' }
  })
}

async function readQuietly(session: Session): Promise<HistorySnapshot | undefined> {
  try {
    return await session.readHistory()
  } catch {
    return undefined
  }
}
