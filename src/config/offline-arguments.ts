/** The arguments of `sql`. */
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
    throw new SlipwayError('bad-argument', `--from ${from} counts from what is applied, and --from says what that is`, {
      hint: 'name a migration, base or head; or leave out --from',
    })
  return { verb: 'sql', direction: down ? 'down' : 'up', from, to }
}
