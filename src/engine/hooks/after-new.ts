/** `afterNew`: what formats the files that `new` wrote. */
import { randomUUID } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import type { Listener } from '../../events.ts'
import { runHook } from './run-hook.ts'

export interface NewFiles {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly emit: Listener
  /** Absolute. */
  readonly paths: readonly string[]
  readonly signal: AbortSignal
}

/** Once for each file. Throws hook-failed and command-missing; the files stay. */
export async function runAfterNew({ config, env, emit, paths, signal }: NewFiles): Promise<void> {
  const hook = config.hooks?.afterNew
  if (hook === undefined) return
  const place = {
    runId: randomUUID(),
    verb: 'new',
    direction: 'up',
    dialect: config.databaseUrl?.dialect,
    url: config.databaseUrl,
    env,
    emit,
    redact: config.redact,
  } as const
  const nothing = { migration: undefined, outcome: undefined, exitCode: undefined, applied: [] }
  for (const file of paths) await runHook(place, hook, { ...nothing, hook: hook.name, file, signal })
}
