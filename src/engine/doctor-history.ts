/** The history, and what `up` would say of files and history together, as `doctor` sees them. */
import type { LogRecord } from '../dialects/amendment.ts'
import type { Diagnosis } from '../dialects/diagnosis.ts'
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { isSlipwayError } from '../errors.ts'
import type { Discovery } from '../files/discover.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
import { failed, failedForAll } from './doctor-verdict.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'
import { loadOptions } from './survey.ts'

export async function examineHistory(session: Session): Promise<Diagnosis[]> {
  const tables = describeTables(session, await session.readHistory())
  return [tables, ...lastFailure(await session.readLog())]
}

function describeTables({ facts }: Session, { exists, rows }: HistorySnapshot): Diagnosis {
  const check = 'history'
  if (!exists)
    return { check, level: 'ok', message: `${facts.historyTable} does not exist yet; slipway up makes it` }
  return { check, level: 'ok', message: `${facts.historyTable}, ${rows.length} recorded` }
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

/** Nothing to say without files, or where the history itself cannot be read: that is told already. */
export async function examinePlan(
  run: Run,
  session: Session,
  found: Discovery | undefined,
): Promise<Diagnosis[]> {
  const check = 'migrations'
  const snapshot = found === undefined ? undefined : await readQuietly(session)
  if (found === undefined || snapshot === undefined) return []
  try {
    const options = await loadOptions(run, found, snapshot)
    const result = await planAgainst({ run, session, found, snapshot, options, request: {} })
    const warnings = result.warnings
      .filter(({ code }) => code !== 'mixed-versions')
      .map(({ message }): Diagnosis => ({ check, level: 'warn', message, remedy: 'slipway status' }))
    if (result.kind === 'refusal')
      return [...result.reasons.map((reason) => failed(check, reason)), ...warnings]
    const todo = result.steps.length
    const message = todo === 0 ? 'up to date' : `${todo} to run: ${withTypedFlags('slipway up')}`
    return [{ check, level: 'ok', message }, ...warnings]
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    return failedForAll(check, error)
  }
}

async function readQuietly(session: Session): Promise<HistorySnapshot | undefined> {
  try {
    return await session.readHistory()
  } catch {
    return undefined
  }
}
