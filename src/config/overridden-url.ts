import type { Sources } from './sources.ts'
import type { Warning } from './url-problem.ts'

/**
 * A setting's own variable wins wherever it stands, so a SLIPWAY_DATABASE_URL forgotten in a .env file beats the
 * DATABASE_URL that a deployment sets. That is said.
 */
export function warnOfOverriddenUrl({ flags, layers }: Sources): Warning[] {
  const has = (layer: Sources['layers'][number], name: string) =>
    [name, `${name}_FILE`].some((variable) => Boolean(layer.variables[variable]))
  const environment = layers.find(({ dotenv }) => dotenv === undefined)
  if (flags.databaseUrl !== undefined || environment === undefined) return []
  if (has(environment, 'SLIPWAY_DATABASE_URL') || !has(environment, 'DATABASE_URL')) return []
  const winner = layers.find((layer) => layer !== environment && has(layer, 'SLIPWAY_DATABASE_URL'))
  if (winner === undefined) return []
  if (winner.variables.SLIPWAY_DATABASE_URL === environment.variables.DATABASE_URL) return []
  const message = `SLIPWAY_DATABASE_URL in ${winner.dotenv} is used, not DATABASE_URL of the environment; to use that one, remove the line from ${winner.dotenv} or set SLIPWAY_DATABASE_URL in the environment`
  return [{ code: 'database-url-overridden', message }]
}
