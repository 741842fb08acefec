/** Brings files, history and stored texts to the planner of `down`. */
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import type { Discovery } from '../files/discover.ts'
import { asDown } from '../files/down.ts'
import { loadMigration } from '../files/load.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import {
  type DownRequest,
  listPossibleDependents,
  listToLoad,
  planDown,
  type Revert,
  type RevertFacts,
  selectReverts,
} from '../plan/down.ts'
import type { HistoryRow } from '../plan/migration.ts'
import { combineReasons } from '../plan/refusal.ts'
import { surveyStates } from '../plan/states.ts'
import { readChangedSources, recordedLanguages } from './planning.ts'
import type { Run } from './run.ts'
import { untilAborted } from './sleep.ts'
import { loadUnfinished } from './survey.ts'

export interface DownDecision {
  /** Newest first. */
  readonly steps: readonly Revert[]
  /** By name, each with its down as its body; none for what was skipped. */
  readonly downs: ReadonlyMap<string, LoadedMigration>
}

interface Scene {
  readonly run: Run
  readonly session: Session
  readonly found: Discovery
  readonly snapshot: HistorySnapshot
  readonly request: DownRequest
}

/** Throws every reason against it in one; 66 for a text that does not load. */
export async function decideDown(scene: Scene): Promise<DownDecision> {
  const { run, found, request } = scene
  const applied = scene.snapshot.rows
  const chosen = selectReverts(applied, request)
  const { states, sources } = await compareTexts(scene, chosen)
  const downs = await loadDowns(scene, chosen, states)
  const dependsOn = new Map<string, readonly string[]>()
  for (const file of listPossibleDependents(chosen, states))
    dependsOn.set(file.name, (await loadMigration(file, run.dialect)).options.dependsOn)
  const result = planDown({
    states,
    archived: found.archived,
    applied,
    chosen,
    loaded: new Map([...downs].map(([name, down]) => [name, factsOf(down)])),
    dependsOn,
    unfinished: await loadUnfinished(run, found.files, applied),
    request,
  })
  if (result.kind === 'refusal') {
    const { explainChanges } = await import('./changes.ts')
    throw combineReasons(explainChanges(result.reasons, found.files, sources))
  }
  return {
    steps: result.steps,
    downs: new Map([...downs].flatMap(([name, down]) => (down === undefined ? [] : [[name, down] as const]))),
  }
}

/** A `.ts` that became a `.js` or the reverse is no edit. */
async function compareTexts({ session, found, snapshot }: Scene, chosen: readonly HistoryRow[]) {
  const { files, archived } = found
  const applied = snapshot.rows
  const names = new Set(chosen.map(({ name }) => name))
  const first = surveyStates({ files, archived, applied })
  const sources = await readChangedSources(session, { states: first.filter(({ name }) => names.has(name)) })
  if (sources.size === 0) return { states: first, sources }
  const states = surveyStates({
    files,
    archived,
    applied,
    recordedLanguages: recordedLanguages(sources, files),
  })
  return { states, sources }
}

/** Undefined for those without a down. */
async function loadDowns(
  { run, session, request, snapshot }: Scene,
  chosen: readonly HistoryRow[],
  states: ReturnType<typeof surveyStates>,
): Promise<Map<string, LoadedMigration | undefined>> {
  const { files, stored } = listToLoad(chosen, states, request)
  const downs = new Map<string, LoadedMigration | undefined>()
  for (const file of files)
    downs.set(file.name, asDown(await untilAborted(run.signal, () => loadMigration(file, run.dialect))))
  if (stored.length === 0) return downs
  await requireTrust(session)
  const { loadStored } = await import('../files/stored.ts')
  for (const name of stored) {
    const source = await session.readSource(name)
    const checksum = snapshot.rows.find((row) => row.name === name)?.checksum ?? ''
    if (source === undefined || source.trim() === '')
      throw new SlipwayError('missing', `history holds no text of ${name}`, {
        migration: name,
        hint: 'take an image that has its file',
      })
    const text = { name, checksum, source }
    downs.set(name, asDown(await untilAborted(run.signal, () => loadStored(text, run.dialect))))
  }
  return downs
}

/** What somebody else can write would be run with our rights. */
async function requireTrust(session: Session): Promise<void> {
  const writers = await session.historyWriters()
  if (writers.length === 0) return
  throw new SlipwayError(
    'history-not-trusted',
    `${session.facts.historyTable} may be written by others than its owner: ${writers.join(', ')}; the texts in it cannot be run`,
  )
}

function factsOf(down: LoadedMigration | undefined): RevertFacts {
  const language = down?.body.kind === 'code' ? 'script' : 'sql'
  if (down !== undefined) return { hasDown: true, options: down.options, language }
  return { hasDown: false, options: noOptions, language }
}

const noOptions = {
  transaction: true,
  resumable: false,
  breaking: false,
  outOfOrder: false,
  dependsOn: [],
} as const
