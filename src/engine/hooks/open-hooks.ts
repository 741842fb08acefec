/** Hooks are loaded only where the configuration has any. */
import type { HookFacts } from '../../config/hook.ts'
import type { Progress } from '../progress.ts'
import type { Run } from '../run.ts'
import type { HookedStep, RunHooks } from './run-hooks.ts'

export async function openHooks(
  run: Run,
  progress: Progress,
  direction: HookFacts['direction'] = 'up',
): Promise<RunHooks | undefined> {
  if (run.config.hooks === undefined) return undefined
  const { createRunHooks } = await import('./run-hooks.ts')
  return createRunHooks(run, progress, direction)
}

export async function aroundRun(hooks: RunHooks | undefined, work: () => Promise<void>): Promise<void> {
  if (hooks === undefined) return await work()
  const { withRunHooks } = await import('./run-hooks.ts')
  await withRunHooks(hooks, work)
}

/** What stands before them is over before the first begins, and what stands after them begins when the last is done. */
export async function aroundSteps<T>(
  hooks: RunHooks | undefined,
  steps: readonly HookedStep[],
  work: () => Promise<T>,
): Promise<T> {
  if (hooks === undefined) return await work()
  const { withStepHooks } = await import('./run-hooks.ts')
  return await withStepHooks(hooks, steps, work)
}
