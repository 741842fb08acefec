/** What `up` would do: files, history and a request in; steps or every reason against them out. Pure. */
import type { SlipwayError } from '../errors.ts'
import { checkDependencies } from './dependencies.ts'
import type { DeclaredOptions, HistoryRow, MigrationFile } from './migration.ts'
import { findMixedVersions, type PlanWarning } from './mixed-versions.ts'
import { compareMigrations } from './name.ts'
import { findAhead, findChanged, findFuture, findLate, findMissing, findUnfinished } from './reasons.ts'
import { combineReasons } from './refusal.ts'
import { hasOtherLanguage, type MigrationStatus, type StateInput, surveyStates } from './states.ts'
import { candidateOf, type ResolvedTarget, resolveTarget, type Target } from './target.ts'

export interface UpRequest {
  /** Nothing that sorts after it runs. */
  readonly target?: Target
  /** At most so many steps, the first ones. */
  readonly steps?: number
  readonly outOfOrder: 'error' | 'warn' | 'allow'
  readonly onAhead: 'allow' | 'error' | 'allow-breaking'
  /** The database's clock. */
  readonly now: Date
  readonly dialect: 'postgres' | 'sqlite'
}

export interface PlanInput extends StateInput {
  /** Of the files that are not done, as far as they are loaded: see listUnapplied. Others count as having the defaults. */
  readonly options: ReadonlyMap<string, DeclaredOptions>
  readonly request: UpRequest
}

export interface Step {
  readonly name: string
  readonly file: MigrationFile
  /** `resume`: a `started` row exists. `skip`: record only, the migration is for another dialect. `revert`: its down. */
  readonly action: 'apply' | 'resume' | 'skip' | 'revert'
  readonly history?: HistoryRow
}

interface Survey {
  /** Every file and every row without one, in order. */
  readonly states: readonly MigrationStatus[]
  /** Rows unknown to this image that came after everything it knows. */
  readonly ahead: readonly HistoryRow[]
  readonly warnings: readonly PlanWarning[]
}

export interface Plan extends Survey {
  readonly kind: 'plan'
  readonly steps: readonly Step[]
}

export interface Refusal extends Survey {
  readonly kind: 'refusal'
  /** At least one; all there are. */
  readonly reasons: readonly SlipwayError[]
}

/**
 * The request narrows what runs, never what is checked. Throws SlipwayError unknown-target or ambiguous-target for a
 * target that cannot be resolved; every other objection is in the Refusal.
 */
export function planUp(input: PlanInput): Plan | Refusal {
  const states = surveyStates(input)
  const end = resolveEnd(input)
  const found = [findChanged, findMissing, findAhead, findLate, findFuture, findUnfinished].map((find) =>
    find({ ...input, states }),
  )
  const reasons = [...found.flatMap((finding) => finding.reasons), ...checkDependencies(input)]
  const survey: Survey = {
    states,
    ahead: states.flatMap(({ state, history }) => (state === 'ahead' && history ? [history] : [])),
    warnings: [
      ...found.flatMap((finding) => finding.warnings),
      ...findMixedVersions(input.files),
      ...findOtherLanguages(input),
    ],
  }
  if (reasons.length > 0) return { kind: 'refusal', reasons, ...survey }
  return { kind: 'plan', steps: selectSteps(input, states, end), ...survey }
}

/** One error for a refusal; its exit code is that of the most important reason, its message lists all. */
export function refusalError(refusal: Refusal): SlipwayError {
  return combineReasons(refusal.reasons)
}

/** Files without a row, and those whose row says `started`: what must be loaded before a plan can be trusted. In order. */
export function listUnapplied(
  files: readonly MigrationFile[],
  applied: readonly HistoryRow[],
): MigrationFile[] {
  const done = doneNames(applied)
  return files.filter(({ name }) => !done.has(name)).sort(compareMigrations)
}

/** True if no file is waiting to run: planUp needs no options then, so no migration has to be loaded. */
export function isUpToDate(files: readonly MigrationFile[], applied: readonly HistoryRow[]): boolean {
  const done = doneNames(applied)
  return files.every(({ name }) => done.has(name))
}

function doneNames(applied: readonly HistoryRow[]): Set<string> {
  return new Set(applied.filter(({ state }) => state !== 'started').map(({ name }) => name))
}

/** Applied migrations that have no file here may be named too: then there is nothing to do up to them. */
export function resolveEnd({
  files,
  applied,
  request,
}: Pick<PlanInput, 'files' | 'applied'> & { readonly request: Pick<UpRequest, 'target'> }):
  | ResolvedTarget
  | undefined {
  if (request.target === undefined) return undefined
  const names = new Set(files.map(({ name }) => name))
  const others = applied.filter(({ name }) => !names.has(name)).map(({ name }) => candidateOf(name))
  return resolveTarget(request.target, {
    candidates: [...files, ...others.filter((other) => other !== undefined)],
    done: doneNames(applied),
    head: [...files].sort(compareMigrations).at(-1),
  })
}

function selectSteps(
  { options, request }: PlanInput,
  states: readonly MigrationStatus[],
  end: ResolvedTarget | undefined,
): Step[] {
  const steps = states.flatMap((status) => stepOf(status, options.get(status.name), request.dialect))
  const wanted = steps.filter(({ file }) => {
    if (end === undefined) return true
    return end.kind === 'migration' && compareMigrations(file, end) <= 0
  })
  return wanted.slice(0, request.steps)
}

/** Nothing for what is done or has no file. */
export function stepOf(
  { name, state, file, history }: MigrationStatus,
  options: DeclaredOptions | undefined,
  dialect: UpRequest['dialect'],
): Step[] {
  if (file === undefined) return []
  if (state === 'unfinished' && history !== undefined) return [{ name, file, action: 'resume', history }]
  if (state !== 'pending' && state !== 'late') return []
  const isForeign = options?.dialects !== undefined && !options.dialects.includes(dialect)
  return [{ name, file, action: isForeign ? 'skip' : 'apply' }]
}

function findOtherLanguages(input: PlanInput): PlanWarning[] {
  return input.files
    .filter((file) => hasOtherLanguage(file, input))
    .map(({ name, up }) => ({
      code: 'other-language',
      message: `${name} was applied in another language than ${up.shown}; the texts were not compared`,
      migration: name,
    }))
}
