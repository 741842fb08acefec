/** Brings files, history and a request to the planner, and reads from history what only a refusal needs. */
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import type { Discovery } from '../files/discover.ts'
import { guessLanguage } from '../files/language.ts'
import type { DeclaredOptions, Language, MigrationFile } from '../plan/migration.ts'
import { type Plan, type PlanInput, planUp, type Refusal } from '../plan/plan.ts'
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
  /** What to decide; `up` if not given. */
  readonly decide?: (input: PlanInput) => Plan | Refusal
}

/** A refusal for an edited file names what was edited; a `.ts` that became a `.js` or the reverse is no edit. */
export async function planAgainst(input: PlanningInput): Promise<Plan | Refusal> {
  const first = plan(input, new Map())
  const sources = await readChangedSources(input.session, first)
  if (sources.size === 0) return first
  const languages = recordedLanguages(sources, input.found.files)
  const second = plan(input, languages)
  if (second.kind === 'plan') return second
  const { explainChanges } = await import('./changes.ts')
  return { ...second, reasons: explainChanges(second.reasons, input.found.files, sources) }
}

function plan(
  { run, session, found, snapshot, options, request, decide = planUp }: PlanningInput,
  recordedLanguages: ReadonlyMap<string, Language>,
): Plan | Refusal {
  return decide({
    files: found.files,
    archived: found.archived,
    baseline: found.baseline?.version,
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

/**
 * Only where the two texts look like two languages. A `.ts` file may hold nothing that only TypeScript has: then both
 * look like JavaScript, and it was edited.
 */
export function recordedLanguages(
  sources: ReadonlyMap<string, string>,
  files: readonly MigrationFile[],
): Map<string, Language> {
  return new Map(
    [...sources].flatMap(([name, source]) => {
      const [stored, found] = [guessLanguage(source), files.find((file) => file.name === name)?.source]
      return found === undefined || guessLanguage(found) === stored ? [] : [[name, stored] as const]
    }),
  )
}

/** Only of the migrations that were edited: the texts are large. */
export async function readChangedSources(
  session: Session,
  result: Pick<Plan, 'states'>,
): Promise<Map<string, string>> {
  const sources = new Map<string, string>()
  for (const { name, state } of result.states) {
    const source = state === 'changed' ? await session.readSource(name) : undefined
    if (source !== undefined) sources.set(name, source)
  }
  return sources
}
