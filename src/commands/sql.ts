/** `slipway sql` */
import type { SqlCommand } from '../config/offline-arguments.ts'
import { writeSql } from '../engine/offline.ts'
import { SlipwayError } from '../errors.ts'
import { parseTarget } from '../plan/target.ts'
import { openTrial } from '../terminal/open-trial.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function sql(context: CommandContext, { direction, from, to }: SqlCommand): Promise<number> {
  const request = {
    direction,
    ...(from === undefined ? {} : { from: parseTarget(from) }),
    ...(to === undefined ? {} : { to: parseTarget(to) }),
  }
  const run = await openTrial(context, { needsTarget: from === undefined })
  const text = await writeSql(run, request)
  // Stars in place of it would be run, and stored.
  if (context.config.redact(text) !== text)
    throw new SlipwayError(
      'secret-in-sql',
      'a migration sends a password of the configuration; its SQL is not printed',
    )
  context.print(text)
  return 0
}
