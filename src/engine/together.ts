/** `up --single-transaction`: every step of the plan in one transaction, and what speaks against it. */
import { CommitUnanswered, type TogetherPart } from '../dialects/dialect.ts'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import type { Step } from '../plan/plan.ts'
import { combineReasons } from '../plan/refusal.ts'
import { newTry, recordOf, type Try } from './attempt.ts'
import {
  pauseBeforeRetry,
  type StepOutcome,
  type StepPlace,
  tellStarted,
  withCancellation,
} from './execute.ts'
import { type FailedStep, faultOf } from './failure.ts'
import type { Run } from './run.ts'
import { settleFailure } from './settle-failure.ts'

interface LoadedStep {
  readonly step: Step
  readonly migration: LoadedMigration
}

/** Before anything runs. Throws single-transaction, naming every migration that cannot share a transaction. */
export async function refuseApart(
  run: Run,
  steps: readonly LoadedStep[],
  serverVersion: string,
): Promise<void> {
  const bodies = steps
    .filter(({ step }) => step.action !== 'skip')
    .map(({ migration: { file, body } }) => ({
      name: file.name,
      statements: body.kind === 'sql' ? body.statements : [],
    }))
  const unfit = await run.dialect.refuseTogether(bodies, serverVersion)
  const reasons = steps.flatMap(({ step, migration }) => {
    const why = whyApart(step, migration) ?? unfit.get(step.name)
    return why === undefined ? [] : [apart(step.name, migration, why)]
  })
  if (reasons.length > 0) throw combineReasons(reasons)
}

function whyApart({ action }: Step, { options }: LoadedMigration): string | undefined {
  if (action === 'skip') return undefined
  if (action === 'resume') return 'it was begun outside a transaction and is not finished'
  return options.transaction ? undefined : 'it declares transaction: false'
}

function apart(name: string, { file }: LoadedMigration, why: string): SlipwayError {
  return new SlipwayError('single-transaction', `${name} cannot be part of a single transaction: ${why}`, {
    migration: name,
    location: { file: file.up.shown },
  })
}

/** As executeStep, for all steps at once: they are finished when the one commit is. At least one. */
export async function executeTogether(places: readonly [StepPlace, ...StepPlace[]]): Promise<StepOutcome> {
  const [{ run, session }] = places
  const deadline = performance.now() + run.config.ddlRetryForMs
  for (let tries = 1; ; tries++) {
    run.signal.throwIfAborted()
    const course = openCourse(places)
    try {
      await withCancellation(places[0], () => session.applyTogether(course.parts, course))
      course.tellFinished()
      return 'done'
    } catch (thrown) {
      if (thrown instanceof CommitUnanswered) return 'committed-unanswered'
      await course.settle(thrown, { tries, deadline })
    }
  }
}

/** One try, and how far it came. */
interface Course {
  readonly parts: readonly TogetherPart[]
  begin(index: number): void
  end(index: number): void
  tellFinished(): void
  /** Waits until the next try; throws what ends the run, once that is told. */
  settle(thrown: unknown, retry: { readonly tries: number; readonly deadline: number }): Promise<void>
}

function openCourse(places: readonly [StepPlace, ...StepPlace[]]): Course {
  const [{ run }] = places
  const tries = places.map(newTry)
  const parts = places.map((place, index) => partOf(place, tries[index] ?? newTry(place)))
  const began: number[] = []
  const spent: number[] = []
  let current = 0
  return {
    parts,
    begin(index) {
      current = index
      // A second beginning is a second run of the whole, without the enforcement that stood in its way.
      if (began[index] === undefined) tellStarted(places[index] ?? places[0])
      began[index] = performance.now()
    },
    end(index) {
      spent[index] = performance.now() - (began[index] ?? 0)
    },
    tellFinished() {
      for (const [index, { step, total }] of places.entries())
        run.emit({
          type: 'step-finished',
          name: step.name,
          action: step.action,
          index: index + 1,
          total,
          durationMs: spent[index] ?? 0,
        })
    },
    async settle(thrown, retry) {
      const place = places[current] ?? places[0]
      const { migration, step } = place
      run.echo?.failed(migration, thrown)
      const failed: FailedStep = { migration, thrown, query: tries[current]?.scribe.tracker?.failed }
      try {
        const fault = faultOf(run, failed)
        if (fault.kind !== 'retryable' || run.signal.aborted)
          throw withAdvice(await settleFailure(place, recordOf(run, migration), failed, fault))
        await pauseBeforeRetry(place, wholeAttempt(places, current), { fault, failed, ...retry })
      } catch (error) {
        const durationMs = performance.now() - (began[current] ?? performance.now())
        if (isSlipwayError(error)) run.emit({ type: 'step-failed', name: step.name, error, durationMs })
        throw error
      }
    },
  }
}

function partOf({ run, step, migration }: StepPlace, { attempt }: Try): TogetherPart {
  return step.action === 'skip'
    ? { kind: 'skip', record: recordOf(run, migration) }
    : { kind: 'apply', attempt }
}

/** The locks of all are held to the end, so whoever blocks one of them may be blocking for any. */
function wholeAttempt(places: readonly StepPlace[], current: number) {
  const { [current]: place = places[0] } = places
  if (place === undefined) throw new RangeError('a run together has at least one step')
  const { attempt } = newTry(place)
  if (attempt.body.kind === 'code') return attempt
  const statements = places.flatMap(({ migration: { body } }) => (body.kind === 'sql' ? body.statements : []))
  return { ...attempt, body: { kind: 'sql' as const, statements } }
}

/** 55P04: an enum value was used in the transaction that added it. */
function withAdvice(error: unknown): unknown {
  if (!isSlipwayError(error) || error.facts.sqlstate !== '55P04') return error
  return new SlipwayError(error.code, error.message, {
    ...error.facts,
    hint: 'run it without --single-transaction: PostgreSQL wants a commit between adding the value and using it',
  })
}
