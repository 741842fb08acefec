/** What a baseline of a database stands for: files and history in; migrations or every reason against it out. Pure. */
import { SlipwayError } from '../errors.ts'
import type { HistoryRow } from './migration.ts'
import { compareMigrations, compareVersions } from './name.ts'
import type { Plan, PlanInput, Refusal } from './plan.ts'
import { findChanged, findMissing } from './reasons.ts'
import { unfinishedReason } from './stamp.ts'
import { type MigrationStatus, surveyStates } from './states.ts'
import { type Candidate, candidateOf } from './target.ts'

/**
 * Whoever loads the baseline records everything up to its version as applied: so the schema must hold all of that and
 * no part of anything else, and this folder must know it by the same text. The plan has no steps.
 */
export function checkBaseline(input: PlanInput): Plan | Refusal {
  const states = surveyStates(input)
  const found = [findChanged, findMissing].map((find) => find({ ...input, states }))
  const newest = newestOf(input.applied)
  const reasons = [
    ...found.flatMap((finding) => finding.reasons),
    ...states.flatMap(aheadReason),
    ...states.flatMap(unfinishedReason),
    ...states.flatMap((status) => pendingReason(status, newest)),
  ]
  const survey = { states, ahead: [], warnings: [] }
  if (reasons.length > 0) return { kind: 'refusal', reasons, ...survey }
  return { kind: 'plan', steps: [], ...survey }
}

/** In the order of versions; of those after the newest applied one nothing. Skipped ones are for another database, and done. */
export function listBaselined(rows: readonly HistoryRow[]): { row: HistoryRow; candidate: Candidate }[] {
  const newest = newestOf(rows)
  return rows
    .flatMap((row) => {
      const candidate = candidateOf(row.name)
      return candidate === undefined ? [] : [{ row, candidate }]
    })
    .filter(
      ({ candidate }) => newest !== undefined && compareVersions(candidate.version, newest.version) <= 0,
    )
    .sort((a, b) => compareMigrations(a.candidate, b.candidate))
}

function newestOf(rows: readonly HistoryRow[]): Candidate | undefined {
  return rows
    .flatMap(({ name, state }) => (state === 'applied' ? [candidateOf(name)] : []))
    .filter((candidate) => candidate !== undefined)
    .sort(compareMigrations)
    .at(-1)
}

/** By version alone, as a baseline counts: a name beside the newest one that sorts behind it is pending, but not late. */
function pendingReason({ name, file, history }: MigrationStatus, newest: Candidate | undefined) {
  if (file === undefined || history !== undefined || newest === undefined) return []
  if (compareVersions(file.version, newest.version) > 0) return []
  const message = `${name} is pending, and a baseline up to ${newest.version.text} would stand for it, too`
  return [new SlipwayError('late', message, { migration: name, location: { file: file.up.shown } })]
}

function aheadReason({ name, state }: MigrationStatus): SlipwayError[] {
  if (state !== 'ahead') return []
  const hint = 'write the baseline where its file is'
  return [
    new SlipwayError('ahead', `${name} is applied, but has no file in this folder`, {
      migration: name,
      hint,
    }),
  ]
}
