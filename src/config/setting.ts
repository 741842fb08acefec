/** What a setting is, and what follows from one row of the table in settings.ts alone. */
import type { Verb } from './verbs.ts'

export type SettingType =
  | { readonly kind: 'string'; readonly placeholder: string }
  | { readonly kind: 'path'; readonly placeholder: string }
  | { readonly kind: 'duration' }
  /** 1, 2, 3 … */
  | { readonly kind: 'count'; readonly placeholder: string }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** See list-value.ts. */
  | { readonly kind: 'list'; readonly placeholder: string }

export interface Setting {
  readonly flag: string
  readonly variable: string
  /** Variables shared with other programs; each is looked at only after `variable` was found nowhere. */
  readonly sharedVariables?: readonly string[]
  readonly type: SettingType
  /** As it would be written in a variable. Absent: no default, or one that depends on where slipway runs. */
  readonly default?: string
  /** What help says of the default when `default` cannot. */
  readonly defaultShown?: string
  readonly doc: string
  readonly secret?: true
  /** Needed to find the config file or what is read before it, so that it has no key there. */
  readonly beforeConfigFile?: true
  /** Verbs that have the flag; the variable is read for all of them, and `config` has every flag. */
  readonly verbs: readonly Verb[]
}

/** All variables of a setting, the one that wins first. */
export function variablesOf(setting: Setting): readonly string[] {
  return [setting.variable, ...(setting.sharedVariables ?? [])]
}

/**
 * Whether NAME_FILE stands for NAME. Not for ENV, NODE_ENV and LOG_LEVEL: other programs give ENV_FILE and the
 * like meanings of their own. Nor for what names a file itself.
 */
export function hasFileVariant(variable: string): boolean {
  return (variable.startsWith('SLIPWAY_') && !variable.endsWith('_FILE')) || variable === 'DATABASE_URL'
}
