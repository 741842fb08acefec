/** Files against history, for the verbs that only look. */
import type { HistorySnapshot, Session, SessionFacts } from '../dialects/dialect.ts'
import { isSlipwayError } from '../errors.ts'
import type { Discovery } from '../files/discover.ts'
import type { DeclaredOptions, HistoryRow, MigrationFile } from '../plan/migration.ts'
import { listUnapplied, type Plan, type Refusal } from '../plan/plan.ts'
import { discover } from './discover.ts'
import { describeSessionFailure } from './failure.ts'
import { loadFor } from './load-for.ts'
import { openSession } from './open.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'

export interface Survey {
  readonly facts: SessionFacts
  readonly snapshot: HistorySnapshot
  readonly found: Discovery
  readonly result: Plan | Refusal
}

export interface SurveyOptions {
  /** Import and parse what is pending, so that its own options count and its syntax is checked; else only what did not finish. */
  readonly loadPending: boolean
  /** Read every file, whatever a manifest says. */
  readonly readAll?: boolean
}

/** Reads in a session that cannot write, takes no lock, and leaves nothing behind. */
export async function surveyDatabase(run: Run, options: SurveyOptions): Promise<Survey> {
  const found = await discover(run, options.readAll === true ? 'check' : 'use')
  return reading(run, async (session) => {
    const snapshot = await session.readHistory()
    const declared = options.loadPending
      ? await loadOptions(run, found, snapshot)
      : await loadUnfinished(run, found.files, snapshot.rows)
    const result = await planAgainst({ run, session, found, snapshot, options: declared, request: {} })
    return { facts: session.facts, snapshot, found, result }
  })
}

/** `intent`: of what comes after; of several hosts, one that can be written is looked for. */
export async function reading<T>(
  run: Run,
  work: (session: Session) => Promise<T>,
  intent: 'read' | 'write' = 'read',
): Promise<T> {
  const session = await openSession(run, { intent, timeoutMs: run.config.waitTimeoutMs })
  try {
    return await work(session)
  } catch (error) {
    throw describeSessionFailure(run, error, 'reading history')
  } finally {
    await session.close()
  }
}

/** Imports and parses what is pending. */
export async function loadOptions(
  run: Run,
  found: Discovery,
  snapshot: HistorySnapshot,
): Promise<Map<string, DeclaredOptions>> {
  const declared = new Map<string, DeclaredOptions>()
  for (const file of listUnapplied(found.files, snapshot.rows)) {
    declared.set(file.name, (await loadFor(run, file)).options)
  }
  return declared
}

/** Of what did not finish the file says whether `up` goes on with it. One that does not load says nothing, and stops nobody who only looks. */
export async function loadUnfinished(
  run: Run,
  files: readonly MigrationFile[],
  rows: readonly HistoryRow[],
): Promise<Map<string, DeclaredOptions>> {
  const names = new Set(rows.flatMap(({ name, state }) => (state === 'started' ? [name] : [])))
  const declared = new Map<string, DeclaredOptions>()
  for (const file of files)
    if (names.has(file.name)) {
      const options = await loadQuietly(run, file)
      if (options !== undefined) declared.set(file.name, options)
    }
  return declared
}

async function loadQuietly(run: Run, file: MigrationFile): Promise<DeclaredOptions | undefined> {
  try {
    return (await loadFor(run, file)).options
  } catch (error) {
    if (isSlipwayError(error) && error.code !== 'bug') return undefined
    throw error
  }
}
