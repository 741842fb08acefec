/** Which servers slipway works with; https://www.postgresql.org/support/versioning/ */
import { SlipwayError } from '../../errors.ts'

const oldest = 13
/** That it was tested with. */
export const newest = 18

/** `versionNumber` as in server_version_num: 180004. */
export function whyUnsupported(versionNumber: number, version: string): SlipwayError | undefined {
  if (versionNumber >= oldest * 10_000) return undefined
  return new SlipwayError(
    'unsupported-server',
    `the server is PostgreSQL ${version}; slipway works with ${oldest} and later`,
  )
}
