/** The arguments of what only tries or tells. */
import { SlipwayError } from '../errors.ts'
import type { ReadArguments } from './flags.ts'

export interface SqlCommand {
  readonly verb: 'sql'
  readonly direction: 'up' | 'down'
  readonly from: string | undefined
  readonly to: string | undefined
}

/** Throws bad-argument. */
export function readSql({ values }: ReadArguments, down: boolean): SqlCommand {
  const [from, to] = [values.get('from'), values.get('to')]
  if (from !== undefined && /^[+-]\d+$/.test(from))
    throw new SlipwayError(
      'bad-argument',
      `--from ${from} counts from what is applied, and --from says what that is`,
      {
        hint: 'name a migration, base or head; or leave out --from',
      },
    )
  return { verb: 'sql', direction: down ? 'down' : 'up', from, to }
}

/** What `up` does instead of changing anything. Throws bad-argument. */
export function readTrial(
  { values }: ReadArguments,
  has: (flag: string) => boolean,
): {
  readonly dryRun: boolean
  readonly rehearse: boolean
} {
  const [dryRun, rehearse] = [has('dry-run'), has('rehearse')]
  const other = dryRun ? 'dry-run' : has('single-transaction') ? 'single-transaction' : undefined
  if (rehearse && other !== undefined)
    throw new SlipwayError(
      'bad-argument',
      `--rehearse looks at each migration by itself, and --${other} does not`,
      {
        hint: 'give one of them',
      },
    )
  const idle = ['report', 'max-duration'].find((flag) => values.has(flag))
  if (idle !== undefined && (dryRun || rehearse))
    throw new SlipwayError(
      'bad-argument',
      `--${idle} is about a run that changes something, and --${rehearse ? 'rehearse' : 'dry-run'} changes nothing`,
      { hint: `leave out --${idle}` },
    )
  return { dryRun, rehearse }
}
