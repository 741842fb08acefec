/**
 * The hooks of one run, in their order. What stands after is run whenever what stands before it was begun, whatever came
 * of that, as a `finally` would; and none runs while a transaction is open.
 */
import { isAbsolute } from 'node:path'
import type { HookFacts, HookName } from '../../config/hook.ts'
import { isSlipwayError, messageOf } from '../../errors.ts'
import type { Step } from '../../plan/plan.ts'
import { toSlipwayError } from '../outcome.ts'
import type { Progress } from '../progress.ts'
import type { Run } from '../run.ts'
import { type HookPlace, requireHook, runHook } from './run-hook.ts'

export interface RunHooks {
  /** Something runs between two migrations: none may be sent ahead of it. */
  readonly isBetween: boolean
  /** `beforeAll`, once; before it, that every command is there. Throws command-missing, hook-failed. */
  begin(): Promise<void>
  /** `beforeEach`, once for each migration. */
  beforeStep(step: HookedStep): Promise<void>
  /** `afterEach`, if the migration's `beforeEach` was begun. With a `failure` it throws nothing, and tells of its own. */
  afterStep(name: string, failure?: Failure): Promise<void>
  /** As afterStep for those that another runner has applied meanwhile: `next` is what comes instead. */
  settleOthers(next: string | undefined): Promise<void>
  /** `afterAll`, if begin was called, once. */
  end(failure?: Failure): Promise<void>
}

export type HookedStep = Pick<Step, 'name' | 'action'> & {
  readonly file: { readonly up: { readonly path: string } }
}

export interface Failure {
  readonly thrown: unknown
}

type Outcome = Pick<HookFacts, 'outcome' | 'exitCode'>

/** Undefined where no hook is about a run. */
export function createRunHooks(
  run: Run,
  progress: Progress,
  direction: HookFacts['direction'] = 'up',
): RunHooks | undefined {
  const { afterNew: _, ...hooks } = run.config.hooks ?? {}
  if (Object.keys(hooks).length === 0) return undefined
  const place: HookPlace = {
    runId: run.runId,
    verb: run.verb,
    direction,
    dialect: run.dialect.name,
    url: run.url,
    env: run.env,
    emit: run.emit,
    redact: run.config.redact,
  }
  const open = new Map<string, HookedStep>()
  const begun = new Set<string>()
  let state: 'waiting' | 'begun' | 'ended' = 'waiting'

  const call = async (name: Exclude<HookName, 'afterNew'>, step?: HookedStep, outcome?: Outcome) => {
    const hook = hooks[name]
    if (hook === undefined) return
    const isStopping = run.signal.aborted && outcome !== undefined
    await runHook(place, hook, {
      hook: name,
      migration: step?.name,
      file: step === undefined || !isAbsolute(step.file.up.path) ? undefined : step.file.up.path,
      outcome: outcome?.outcome,
      exitCode: outcome?.exitCode,
      applied: [...(direction === 'down' ? (progress.reverted ?? []) : progress.applied)],
      // The stop that ended the run must not end what cleans up behind it, but there is not much time for that.
      ...(isStopping ? { atMostMs: Math.max(1, run.config.shutdownTimeoutMs) } : {}),
      signal: isStopping ? new AbortController().signal : run.signal,
    })
  }

  /** The first failure is the one to report. */
  const callAfter = async (
    name: 'afterEach' | 'afterAll',
    step: HookedStep | undefined,
    failure: Failure | undefined,
  ) => {
    const outcome = await outcomeOf(run, failure)
    try {
      await call(name, step, outcome)
    } catch (error) {
      if (failure === undefined) throw error
      run.emit({ type: 'cleanup-failed', what: `the hook ${name}`, message: messageOf(error) })
    }
  }

  const afterStep = async (name: string, failure?: Failure) => {
    const step = open.get(name)
    if (step === undefined) return
    open.delete(name)
    await callAfter('afterEach', step, failure)
  }

  return {
    isBetween: hooks.beforeEach !== undefined || hooks.afterEach !== undefined,
    async begin() {
      if (state !== 'waiting') return
      for (const hook of Object.values(hooks)) requireHook(hook, run.env)
      state = 'begun'
      await call('beforeAll')
    },
    async beforeStep(step) {
      if (step.action === 'skip' || step.file.up.path === '' || begun.has(step.name)) return
      begun.add(step.name)
      open.set(step.name, step)
      await call('beforeEach', step)
    },
    afterStep,
    async settleOthers(next) {
      for (const [name, step] of open) {
        if (name === next) continue
        open.delete(name)
        await call('afterEach', step, { outcome: 'elsewhere', exitCode: undefined })
      }
    },
    async end(failure) {
      if (state !== 'begun') return
      state = 'ended'
      for (const name of [...open.keys()]) await afterStep(name, failure)
      await callAfter('afterAll', undefined, failure)
    },
  }
}

async function outcomeOf(run: Run, failure: Failure | undefined): Promise<Outcome> {
  if (failure === undefined) return { outcome: 'done', exitCode: 0 }
  const error = await toSlipwayError(run, failure.thrown)
  const isStopped = isSlipwayError(error) && (error.code === 'terminated' || error.code === 'interrupted')
  return { outcome: isStopped ? 'stopped' : 'failed', exitCode: error.exitCode }
}

/** Runs `work`, and what stands after everything. */
export async function withRunHooks<T>(hooks: RunHooks | undefined, work: () => Promise<T>): Promise<T> {
  if (hooks === undefined) return await work()
  let result: T
  try {
    result = await work()
  } catch (thrown) {
    await hooks.end({ thrown })
    throw thrown
  }
  await hooks.end()
  return result
}

/** Runs `work` between what stands before and after these migrations. */
export async function withStepHooks<T>(
  hooks: RunHooks,
  steps: readonly HookedStep[],
  work: () => Promise<T>,
): Promise<T> {
  let result: T
  try {
    for (const step of steps) await hooks.beforeStep(step)
    result = await work()
  } catch (thrown) {
    for (const { name } of steps) await hooks.afterStep(name, { thrown })
    throw thrown
  }
  for (const { name } of steps) await hooks.afterStep(name)
  return result
}
