/** One place that a value came from. */

export type Source =
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'variable'; readonly variable: string; readonly dotenv: string | undefined }
  | { readonly kind: 'file'; readonly variable: string; readonly path: string }
  | { readonly kind: 'config'; readonly key: string; readonly file: string }
  /** Of a library's call. */
  | { readonly kind: 'option'; readonly key: string }

export interface Found {
  readonly text: string
  readonly source: Source
  /** Where relative paths in the text start: the working directory, or the folder of the config file. */
  readonly base: string
}

/** What to do about an option that is wrong. */
export const optionHint = 'docs/settings.md has the form of every value'

/** Names a source for messages: `--dir`, `SLIPWAY_DIR`, `SLIPWAY_DIR in .env`, `SLIPWAY_DIR_FILE (/run/x)`, `option dir`. */
export function describeSource(source: Source): string {
  switch (source.kind) {
    case 'flag':
      return `--${source.flag}`
    case 'variable':
      return source.dotenv === undefined ? source.variable : `${source.variable} in ${source.dotenv}`
    case 'file':
      return `${source.variable} (${source.path})`
    case 'config':
      return `${source.key} in ${source.file}`
    case 'option':
      return `option ${source.key}`
  }
}
