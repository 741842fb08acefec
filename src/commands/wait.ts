/** `slipway wait` */
import { waitForDatabase, waitForMigrations } from '../engine/wait.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function wait(
  context: CommandContext,
  options: { readonly timeoutMs: number; readonly for: 'migrations' | 'database' },
): Promise<number> {
  const run = await context.openRun()
  if (run.config.tenants !== undefined) {
    const { waitForAll } = await import('../engine/tenants/run-tenants.ts')
    return conclude(run, waitForAll(run, options))
  }
  return conclude(run, () =>
    options.for === 'database'
      ? waitForDatabase(run, options.timeoutMs)
      : waitForMigrations(run, options.timeoutMs),
  )
}
