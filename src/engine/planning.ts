/** Brings files, history and a request to the planner, and reads from history what only a refusal needs. */
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import type { Discovery } from '../files/discover.ts'
import { guessLanguage } from '../files/language.ts'
import type { DeclaredOptions, Language } from '../plan/migration.ts'
import { type Plan, planUp, type Refusal } from '../plan/plan.ts'
import type { Target } from '../plan/target.ts'
import type { Run } from './run.ts'

export interface UpRequest {
  readonly target?: Target
  readonly steps?: number
  /** Everything in one transaction. */
  readonly together?: boolean
}

export interface PlanningInput {
  readonly run: Run
  readonly session: Session
  readonly found: Discovery
  readonly snapshot: HistorySnapshot
  /** Of the pending migrations that are loaded. */
  readonly options: ReadonlyMap<string, DeclaredOptions>
  readonly request: UpRequest
}

/** A refusal for an edited file names what was edited; a `.ts` that became a `.js` or the reverse is no edit. */
export async function planAgainst(input: PlanningInput): Promise<Plan | Refusal> {
  const first = plan(input, new Map())
  const sources = await readChangedSources(input.session, first)
  if (sources.size === 0) return first
  const languages = new Map([...sources].map(([name, source]) => [name, guessLanguage(source)]))
  const second = plan(input, languages)
  if (second.kind === 'plan') return second
  const { explainChanges } = await import('./changes.ts')
  return { ...second, reasons: explainChanges(second.reasons, input.found.files, sources) }
}

function plan(
  { run, session, found, snapshot, options, request }: PlanningInput,
  recordedLanguages: ReadonlyMap<string, Language>,
): Plan | Refusal {
  return planUp({
    files: found.files,
    archived: found.archived,
    options,
    applied: snapshot.rows,
    recordedLanguages,
    request: {
      ...request,
      outOfOrder: run.config.outOfOrder,
      onAhead: run.config.onAhead,
      now: session.facts.now,
      dialect: run.dialect.name,
    },
  })
}

/** Only of the migrations that were edited: the texts are large. */
async function readChangedSources(session: Session, result: Plan | Refusal): Promise<Map<string, string>> {
  const sources = new Map<string, string>()
  for (const { name, state } of result.states) {
    const source = state === 'changed' ? await session.readSource(name) : undefined
    if (source !== undefined) sources.set(name, source)
  }
  return sources
}
