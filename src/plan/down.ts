/** What `down` would revert: history, files and a request in; steps or every reason against them out. Pure. */
import { SlipwayError } from '../errors.ts'
import { findByWord, candidateOf, nearestCandidates, type Target } from './target.ts'
import type { DeclaredOptions, HistoryRow, MigrationFile } from './migration.ts'
import { compareMigrations } from './name.ts'
import { findChanged, isResumable } from './reasons.ts'
import { repairCommand } from './repair.ts'
import type { MigrationStatus } from './states.ts'

export interface DownRequest {
  /** It stays; what was applied after it goes. */
  readonly target?: Target
  /** At most so many, the newest; 1 without a target. */
  readonly steps?: number
  /** What has no file here is reverted by the text that history stored. */
  readonly fromHistory: boolean
}

/** What is known of one migration that is to go, once it is loaded. */
export interface RevertFacts {
  readonly hasDown: boolean
  /** Of its down. */
  readonly options: DeclaredOptions
  readonly language: 'sql' | 'script'
}

export interface DownInput {
  readonly states: readonly MigrationStatus[]
  readonly archived: ReadonlySet<string>
  readonly applied: readonly HistoryRow[]
  /** What selectReverts chose, newest first. */
  readonly chosen: readonly HistoryRow[]
  /** Of the chosen ones that have a text to load; see listToLoad. */
  readonly loaded: ReadonlyMap<string, RevertFacts>
  /** `dependsOn` of migrations that stay; see listPossibleDependents. */
  readonly dependsOn: ReadonlyMap<string, readonly string[]>
  /** What did not finish and has a file: the options of its up. */
  readonly unfinished: ReadonlyMap<string, DeclaredOptions>
  readonly request: DownRequest
}

export interface Revert {
  readonly name: string
  readonly history: HistoryRow
  /** `nothing`: it was recorded as skipped, so there is nothing to undo. */
  readonly origin: 'file' | 'history' | 'nothing'
}

export type DownPlan =
  | { readonly kind: 'plan'; readonly steps: readonly Revert[]; readonly applied: number }
  | { readonly kind: 'refusal'; readonly reasons: readonly SlipwayError[] }

/** The newest first, by the order of application. Throws unknown-target, ambiguous-target, bad-argument. */
export function selectReverts(applied: readonly HistoryRow[], { target, steps }: DownRequest): HistoryRow[] {
  const newestFirst = [...applied].sort((a, b) => b.id - a.id)
  switch (target?.kind) {
    case undefined:
      return newestFirst.slice(0, steps ?? 1)
    case 'base':
      return newestFirst
    case 'head':
      return []
    case 'relative':
      return newestFirst.slice(0, countBack(target.steps, newestFirst.length))
    case 'named': {
      const stays = findApplied(target.text, newestFirst)
      return newestFirst.filter(({ id }) => id > stays.id)
    }
  }
}

function countBack(steps: number, available: number): number {
  if (steps > 0)
    throw new SlipwayError('bad-argument', `+${steps} leads up, and down leads back`, {
      hint: `slipway down --to -${steps}`,
    })
  if (-steps > available)
    throw new SlipwayError('unknown-target', `${steps} goes too far: ${available} applied`)
  return -steps
}

function findApplied(text: string, rows: readonly HistoryRow[]): HistoryRow {
  const exact = rows.find(({ name }) => name === text)
  if (exact !== undefined) return exact
  const candidates = rows.flatMap(({ name }) => candidateOf(name) ?? [])
  const found = findByWord(text, candidates)
  const [first, second] = found
  if (second !== undefined)
    throw new SlipwayError(
      'ambiguous-target',
      `${text} could be ${found.map(({ name }) => name).join(' or ')}`,
    )
  const row = rows.find(({ name }) => name === first?.name)
  if (row !== undefined) return row
  const close = nearestCandidates(text, candidates).map(({ name }) => name)
  const advice = close.length === 0 ? '' : `; did you mean ${close.join(' or ')}?`
  throw new SlipwayError('unknown-target', `no applied migration matches ${text}${advice}`, {
    hint: 'slipway history',
  })
}

/** Files, or names whose stored text is needed. What was skipped needs neither, nor does what will be refused. */
export function listToLoad(
  chosen: readonly HistoryRow[],
  states: readonly MigrationStatus[],
  { fromHistory }: DownRequest,
): { readonly files: readonly MigrationFile[]; readonly stored: readonly string[] } {
  const wanted = chosen.filter(({ state }) => state !== 'skipped')
  const found = wanted.map(({ name }) => ({ name, status: states.find((each) => each.name === name) }))
  return {
    files: found.flatMap(({ status }) => (status?.state === 'changed' ? [] : (status?.file ?? []))),
    stored: fromHistory
      ? found.flatMap(({ name, status }) => (status?.file === undefined ? [name] : []))
      : [],
  }
}

/**
 * Files of migrations that stay and could depend on one that goes. They were applied earlier, and what an up depends on
 * sorts before it: so only one that was applied out of order can.
 */
export function listPossibleDependents(
  chosen: readonly HistoryRow[],
  states: readonly MigrationStatus[],
): MigrationFile[] {
  const going = new Set(chosen.map(({ name }) => name))
  const [first] = chosen.flatMap(({ name }) => candidateOf(name) ?? []).sort(compareMigrations)
  if (first === undefined) return []
  return states.flatMap(({ name, file, history }) =>
    file !== undefined && history !== undefined && !going.has(name) && compareMigrations(file, first) > 0
      ? [file]
      : [],
  )
}

/** Only what is to go is judged, and whether anything is unfinished: going back must not wait for what stays. */
export function planDown(input: DownInput): DownPlan {
  const { chosen, applied } = input
  const chosenNames = new Set(chosen.map(({ name }) => name))
  const reasons = [
    ...applied.flatMap((row) => whyUnfinished(row, input, chosenNames)),
    ...findChanged({
      ...input,
      states: input.states.filter(({ name }) => chosenNames.has(name)),
      options: new Map(),
      request: { outOfOrder: 'error', onAhead: 'allow', now: new Date(0) },
    }).reasons,
    ...chosen.flatMap((row) => whyWithoutText(row, input)),
    ...chosen.flatMap((row) => whyIrreversible(row, input)),
    ...whyNeeded(input, chosenNames),
  ]
  if (reasons.length > 0) return { kind: 'refusal', reasons }
  return { kind: 'plan', steps: chosen.map((row) => stepOf(row, input)), applied: applied.length }
}

function stepOf(history: HistoryRow, { states }: DownInput): Revert {
  const { name, state } = history
  if (state === 'skipped') return { name, history, origin: 'nothing' }
  const hasFile = states.some((status) => status.name === name && status.file !== undefined)
  return { name, history, origin: hasFile ? 'file' : 'history' }
}

function whyUnfinished(
  { name, state, reverting }: HistoryRow,
  { loaded, states, unfinished: declared }: DownInput,
  chosen: ReadonlySet<string>,
): SlipwayError[] {
  if (state !== 'started') return []
  if (reverting !== true)
    return [
      unfinished(name, `${name} did not finish: what there is to revert is not known`, {
        finished: 'all of it is done',
        retry: 'none of it is left',
        goesOn: isResumable(states.find((status) => status.name === name)?.file, declared.get(name)),
      }),
    ]
  if (!chosen.has(name))
    return [unfinished(name, `${name} was being reverted and did not finish`, revertEnds)]
  const facts = loaded.get(name)
  if (facts === undefined || facts.options.resumable) return []
  if (facts.language === 'script')
    return [unfinished(name, `the down of ${name} did not finish, and is not declared resumable`, revertEnds)]
  return facts.options.transaction
    ? [unfinished(name, `the down of ${name} left its own transaction before it finished`, revertEnds)]
    : []
}

interface Ends {
  readonly finished: string
  readonly retry: string
  /** `up` goes on with it. */
  readonly goesOn?: boolean
}

const revertEnds: Ends = { finished: 'all of the down is done', retry: 'nothing of it was done' }

/** Both ways out for a row that is being reverted. */
export function describeReverting(name: string): { readonly migration: string; readonly hint: string } {
  return { migration: name, hint: hintFor(name, revertEnds) }
}

function unfinished(name: string, message: string, ends: Ends): SlipwayError {
  return new SlipwayError('unfinished', message, { migration: name, hint: hintFor(name, ends) })
}

function hintFor(name: string, { finished, retry, goesOn }: Ends): string {
  const first = goesOn === true ? 'go on: slipway up; or ' : ''
  return `${first}see what it did; when ${finished}: ${repairCommand('finished', name)}, when ${retry}: ${repairCommand('retry', name)}`
}

function whyWithoutText({ name, state }: HistoryRow, input: DownInput): SlipwayError[] {
  const status = input.states.find((each) => each.name === name)
  if (state === 'skipped' || status?.file !== undefined || input.request.fromHistory) return []
  const where = input.archived.has(name) ? 'its file is in old/' : 'it has no file here'
  return [
    new SlipwayError('missing', `${name} cannot be reverted: ${where}`, {
      migration: name,
      hint: 'take an image that has it, or use the text that history stored: slipway down --from-history',
    }),
  ]
}

function whyIrreversible({ name, state }: HistoryRow, { loaded }: DownInput): SlipwayError[] {
  const facts = loaded.get(name)
  if (state === 'skipped' || facts === undefined || facts.hasDown) return []
  return [new SlipwayError('irreversible', `${name} has no down`, { migration: name })]
}

function whyNeeded({ applied, dependsOn }: DownInput, chosen: ReadonlySet<string>): SlipwayError[] {
  const candidates = applied.flatMap(({ name }) => candidateOf(name) ?? [])
  return [...dependsOn].flatMap(([name, words]) =>
    words.flatMap((word) => {
      const found = findByWord(word, candidates)
      const [only] = found
      if (only === undefined || found.length > 1 || !chosen.has(only.name)) return []
      const message = `${name} depends on ${only.name}, and would stay`
      return [
        new SlipwayError('dependency', message, {
          migration: name,
          hint: `revert it as well, or correct its dependsOn`,
        }),
      ]
    }),
  )
}
