/** `slipway exec -- COMMAND`: up, then become the command. */
import { setImmediate as turn } from 'node:timers/promises'
import { secretEnvironmentNames } from '../config/secret-variables.ts'
import type { Run } from '../engine/run.ts'
import { startUp } from '../engine/up.ts'
import { exitCodes, isSlipwayError } from '../errors.ts'
import { findCommand } from '../programs/find-command.ts'
import { becomeCommand } from '../terminal/become.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function exec(
  context: CommandContext,
  options: { readonly command: readonly [string, ...string[]] },
): Promise<number> {
  const [name, ...args] = options.command
  // Before anything is migrated: a container whose command is misspelled must not change the database first.
  const found = findCommand(name, context.env.PATH, context.cwd)
  const run = await context.openRun()
  const exitCode = await conclude(run, await chooseUp(run))
  if (exitCode !== 0) return exitCode
  await context.closeReporter()
  // A signal that came when all was done is still meant for this container; the program would never learn of it.
  await turn()
  if (run.signal.aborted)
    return isSlipwayError(run.signal.reason) ? run.signal.reason.exitCode : exitCodes.bug
  return becomeCommand({ ...found, args, env: withoutSecrets(context.env) })
}

function withoutSecrets(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const secret = new Set(secretEnvironmentNames())
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || secret.has(name) ? [] : [[name, value]],
    ),
  )
}

async function chooseUp(run: Run): Promise<ReturnType<typeof startUp>> {
  if (run.config.tenants === undefined) return startUp(run, {})
  return (await import('../engine/tenants/run-tenants.ts')).startUpAll(run, {})
}
