/** What a hook is told: as an object to functions, as variables to commands. */
import type { Hook, HookFacts, hookVariableNames } from '../../config/hook.ts'
import { variablesOf } from '../../config/setting.ts'
import { secretEnvironmentNames } from '../../config/secret-variables.ts'
import { settings } from '../../config/settings.ts'
import { databaseEnvironment } from './database-environment.ts'
import type { HookPlace } from './run-hook.ts'

/** Where a hook runs, and what has come of that so far. */
export type HookMoment = Pick<HookFacts, 'hook' | 'migration' | 'file' | 'outcome' | 'exitCode' | 'applied'>

/** Each variable is set whether it has a value or not: none is another program's. */
export function hookVariables(
  { runId, verb, direction, dialect, tenant }: HookPlace,
  moment: HookMoment,
): Record<(typeof hookVariableNames)[number], string> {
  return {
    SLIPWAY_HOOK: moment.hook,
    SLIPWAY_RUN_ID: runId,
    SLIPWAY_VERB: verb,
    SLIPWAY_DIRECTION: direction,
    SLIPWAY_DIALECT: dialect ?? '',
    SLIPWAY_TENANT: tenant ?? '',
    SLIPWAY_MIGRATION: moment.migration ?? '',
    SLIPWAY_FILE: moment.file ?? '',
    SLIPWAY_OUTCOME: moment.outcome ?? '',
    SLIPWAY_EXIT_CODE: moment.exitCode === undefined ? '' : String(moment.exitCode),
    SLIPWAY_APPLIED: String(moment.applied.length),
  }
}

/** That of slipway itself, without what holds or names the database's password. */
export function hookEnvironment(place: HookPlace, hook: Hook, moment: HookMoment): Record<string, string> {
  const inherited = Object.entries(place.env).flatMap(([name, value]) =>
    value === undefined || secret.has(name) ? [] : [[name, value] as const],
  )
  const base = Object.fromEntries(inherited)
  const given = hook.database && place.url !== undefined ? databaseEnvironment(base, place.url) : base
  return { ...given, ...hookVariables(place, moment) }
}

const secret: ReadonlySet<string> = new Set(
  [...variablesOf(settings.databaseUrl), ...secretEnvironmentNames(), 'PGPASSWORD', 'PGPASSFILE'].flatMap(
    (name) => [name, `${name}_FILE`],
  ),
)
