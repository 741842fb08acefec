/** The database that a verb is about. */
import type { Config } from '../config/config.ts'
import { requireDatabase } from '../config/load.ts'
import type { DatabaseUrl } from '../config/url.ts'

/** Of many tenants, what they have in common, or the only one. Throws no-url and its like, and one-tenant. */
export async function findDatabase(config: Config, verb: string): Promise<DatabaseUrl> {
  if (config.tenants === undefined) return requireDatabase(config)
  const { databaseOfVerb } = await import('../engine/tenants/find-tenants.ts')
  return databaseOfVerb(config, verb)
}
