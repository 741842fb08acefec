/** `options` is sent when a session begins, where libpq sends it too; what is wrong with it shows only then. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import { isServerError } from './errors.ts'
import type { LinkFailure } from './open-link.ts'

/** Unknown, malformed, not a value, not to be changed now. */
const refusals: ReadonlySet<string> = new Set(['42704', '42601', '22023', '55P02'])

/** The error to throw instead where `options` is the reason; undefined where it is not. */
export function blameOptions(
  { options }: PostgresUrl,
  { error, ready }: LinkFailure,
): SlipwayError | undefined {
  if (options === undefined || ready || !isServerError(error)) return undefined
  const facts = { sqlstate: error.code, cause: error }
  if (error.code === '08P01' && error.message.includes('startup parameter'))
    return new SlipwayError(
      'pooler-refused',
      `a pooler does not take options (PGOPTIONS): ${error.message}`,
      {
        ...facts,
        hint: 'leave options out, or point SLIPWAY_DATABASE_URL at the server itself',
      },
    )
  if (!refusals.has(error.code)) return undefined
  return new SlipwayError('bad-setting', `the server does not take options (PGOPTIONS): ${error.message}`, {
    ...facts,
    hint: "correct it: options='-c name=value'",
  })
}
