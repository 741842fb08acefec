/** The database that a verb is about. */
import type { Config } from '../config/config.ts'
import { requireDatabase } from '../config/load.ts'
import { touring } from '../config/setting-verbs.ts'
import type { DatabaseUrl } from '../config/url.ts'
import { SlipwayError } from '../errors.ts'

/** Of many tenants, what they have in common, or the only one. Throws no-url and its like, and one-tenant. */
export async function findDatabase(config: Config, verb: string): Promise<DatabaseUrl> {
  if (config.tenants === undefined) {
    if (config.strayShard !== undefined && touring.some((known) => known === verb))
      throw strayShard(config.strayShard)
    return requireDatabase(config)
  }
  const { databaseOfVerb } = await import('../engine/tenants/find-tenants.ts')
  return databaseOfVerb(config, verb)
}

/** A list that came out empty counts as not set: what is meant for tenants must not go to the database that has them. */
function strayShard(name: string): SlipwayError {
  return new SlipwayError('no-tenants', `${name} is given, and SLIPWAY_TENANTS is not set, or empty`, {
    hint: 'export SLIPWAY_TENANTS, or unset SLIPWAY_SHARD',
  })
}
