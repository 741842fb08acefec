/** The shape of a row in the table of verbs. */

export type VerbFlagType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'string'; readonly placeholder: string }
  | { readonly kind: 'positive-integer'; readonly placeholder: string }
  | { readonly kind: 'duration' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }

export interface VerbFlag {
  readonly flag: string
  readonly type: VerbFlagType
  readonly default?: string
  readonly doc: string
  /** May be given more than once. */
  readonly repeated?: true
}

export interface VerbSpec {
  readonly summary: string
  /** What follows the verb besides flags, as usage lines show it. */
  readonly arguments?: string
  readonly details: string
  readonly flags: readonly VerbFlag[]
  readonly examples: readonly string[]
}
