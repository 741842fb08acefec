/** What `stamp` would record: files, history and a target in; names or every reason against it out. Pure. */
import { SlipwayError } from '../errors.ts'
import { checkDependencies } from './dependencies.ts'
import { describeReverting } from './down.ts'
import { compareMigrations } from './name.ts'
import { type Plan, type PlanInput, type Refusal, resolveEnd, stepOf } from './plan.ts'
import { describeUnfinished, findAhead, findChanged, findFuture, findMissing } from './reasons.ts'
import { type MigrationStatus, surveyStates } from './states.ts'
import type { ResolvedTarget, Target } from './target.ts'

export interface StampInput extends PlanInput {
  readonly target: Target
  /** The target alone, not what comes before it. */
  readonly only: boolean
}

/**
 * `up`'s own objections, but not that a migration is late: nothing is run, so nothing can run in the wrong order. A
 * step that did not finish is an objection only where it is among those to record. Throws SlipwayError unknown-target,
 * ambiguous-target, and bad-argument for `base`.
 */
export function planStamp(input: StampInput): Plan | Refusal {
  if (input.target.kind === 'base')
    throw new SlipwayError('bad-argument', 'base is before every migration: there is nothing to record', {
      hint: 'slipway stamp head, or a name, a version, a unique part of a name',
    })
  const states = surveyStates(input)
  const request = { ...input.request, target: input.target }
  const chosen = chooseStates(states, resolveEnd({ ...input, request }), input.only)
  const found = [findChanged, findMissing, findAhead, findFuture].map((find) => find({ ...input, states }))
  const reasons = [
    ...found.flatMap((finding) => finding.reasons),
    ...checkDependencies(input),
    ...chosen.flatMap(unfinishedReason),
  ]
  const survey = {
    states,
    ahead: states.flatMap(({ state, history }) => (state === 'ahead' && history ? [history] : [])),
    warnings: found.flatMap((finding) => finding.warnings),
  }
  if (reasons.length > 0) return { kind: 'refusal', reasons, ...survey }
  const steps = chosen.flatMap((status) =>
    stepOf(status, input.options.get(status.name), input.request.dialect),
  )
  return { kind: 'plan', steps, ...survey }
}

function chooseStates(
  states: readonly MigrationStatus[],
  end: ResolvedTarget | undefined,
  only: boolean,
): MigrationStatus[] {
  if (end?.kind !== 'migration') return []
  if (only) return states.filter(({ name }) => name === end.name)
  return states.filter(({ file }) => file !== undefined && compareMigrations(file, end) <= 0)
}

/** A step that did not finish, whichever way it went. */
export function unfinishedReason({ name, history }: MigrationStatus): SlipwayError[] {
  if (history?.reverting === true)
    return [
      new SlipwayError(
        'unfinished',
        `${name} was being reverted and did not finish`,
        describeReverting(name),
      ),
    ]
  return history?.state === 'started'
    ? [new SlipwayError('unfinished', `${name} did not finish`, describeUnfinished(name))]
    : []
}
