/** What a config file may export, made from the table of settings. */
import type { HooksConfig } from './hook.ts'
import type { SettingType } from './setting.ts'
import type { SettingName, settings } from './settings.ts'

type Settings = typeof settings

/** Texts as in a variable; durations are `500ms`, `30s`, `5m`, `1h` or 0. */
type ConfigValue<Type extends SettingType> = Type extends { kind: 'boolean' }
  ? boolean
  : Type extends { kind: 'duration' }
    ? string | 0
    : Type extends { kind: 'count' }
      ? number | string
      : Type extends { kind: 'choice'; values: readonly (infer Value)[] }
        ? Value
        : Type extends { kind: 'list' }
          ? string | readonly string[]
          : string

/**
 * The settings of `slipway.config.ts`; see docs/settings.md. Flags and variables win over them. Relative paths start at
 * the file's own folder.
 * @example export default { dir: './db/migrations', ddlLockTimeout: '300ms' } satisfies SlipwayConfig
 */
export type SlipwayConfig = {
  readonly [Name in SettingName as Settings[Name] extends { beforeConfigFile: true } ? never : Name]?:
    | ConfigValue<Settings[Name]['type']>
    | undefined
} & {
  /** What is done around migrations: see docs/hooks.md. */
  readonly hooks?: HooksConfig | undefined
}
