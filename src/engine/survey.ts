/** Files against history, for the verbs that only look. */
import type { HistorySnapshot, Session, SessionFacts } from '../dialects/dialect.ts'
import { type Discovery, discoverMigrations } from '../files/discover.ts'
import { loadMigration } from '../files/load.ts'
import type { DeclaredOptions } from '../plan/migration.ts'
import { listUnapplied, type Plan, planUp, type Refusal } from '../plan/plan.ts'
import { describeSessionFailure } from './failure.ts'
import { openSession } from './open.ts'
import type { Run } from './run.ts'

export interface Survey {
  readonly facts: SessionFacts
  readonly snapshot: HistorySnapshot
  readonly found: Discovery
  readonly result: Plan | Refusal
  /** Stored texts of the migrations whose file was edited. */
  readonly sources: ReadonlyMap<string, string>
}

export interface SurveyOptions {
  /** Import and parse what is pending, so that its own options count and its syntax is checked. */
  readonly loadPending: boolean
}

/** Reads in a session that cannot write, takes no lock, and leaves nothing behind. */
export async function surveyDatabase(run: Run, options: SurveyOptions): Promise<Survey> {
  const found = await discoverMigrations(run.config.dir, { allowEmpty: run.config.allowEmpty, cwd: run.cwd })
  for (const warning of found.warnings) run.emit({ type: 'warning', ...warning })
  return reading(run, async (session) => {
    const snapshot = await session.readHistory()
    const first = survey(run, found, snapshot, session.facts.now, new Map())
    const sources = await readChangedSources(session, first)
    const known = { facts: session.facts, snapshot, found, sources }
    if (!options.loadPending) return { ...known, result: first }
    const declared = await loadOptions(run, found, snapshot)
    return { ...known, result: survey(run, found, snapshot, session.facts.now, declared) }
  })
}

export async function reading<T>(run: Run, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(run, { intent: 'read', timeoutMs: run.config.waitTimeoutMs })
  try {
    return await work(session)
  } catch (error) {
    throw describeSessionFailure(run, error, 'reading history')
  } finally {
    await session.close()
  }
}

export function survey(
  run: Run,
  found: Discovery,
  snapshot: HistorySnapshot,
  now: Date,
  options: ReadonlyMap<string, DeclaredOptions>,
): Plan | Refusal {
  return planUp({
    files: found.files,
    archived: found.archived,
    options,
    applied: snapshot.rows,
    request: {
      outOfOrder: run.config.outOfOrder,
      onAhead: run.config.onAhead,
      now,
      dialect: run.dialect.name,
    },
  })
}

/** Only for the ones that need it: the texts are large. */
export async function readChangedSources(
  session: Session,
  result: Plan | Refusal,
): Promise<Map<string, string>> {
  const sources = new Map<string, string>()
  for (const { name, state } of result.states) {
    const source = state === 'changed' ? await session.readSource(name) : undefined
    if (source !== undefined) sources.set(name, source)
  }
  return sources
}

async function loadOptions(
  run: Run,
  found: Discovery,
  snapshot: HistorySnapshot,
): Promise<Map<string, DeclaredOptions>> {
  const declared = new Map<string, DeclaredOptions>()
  for (const file of listUnapplied(found.files, snapshot.rows)) {
    declared.set(file.name, (await loadMigration(file, run.dialect)).options)
  }
  return declared
}
