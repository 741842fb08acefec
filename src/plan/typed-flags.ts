/**
 * Flags that say where: who typed `--schema app` has to type it again with the command that a message suggests, or
 * looks at another history. Noted once, where the command line is read, since every layer suggests commands; nothing
 * is noted where slipway is a library.
 */

export interface TypedFlag {
  /** Without dashes. */
  readonly flag: string
  readonly variable: string
  /** As it is typed again: `--schema app`. */
  readonly text: string
  /** The verbs that have the flag. */
  readonly verbs: readonly string[]
}

let noted: readonly TypedFlag[] = []

export function noteTypedFlags(flags: readonly TypedFlag[]): void {
  noted = flags
}

/**
 * The text with those flags behind each `slipway <verb>` that takes them, but for those that the text gives another
 * value. Behind the verb, since nobody knows where the command ends.
 */
export function withTypedFlags(text: string, flags: readonly TypedFlag[] = noted): string {
  const missing = flags.filter(
    ({ flag, variable }) => !new RegExp(`--${flag}(?![\\w-])|${variable}=`).test(text),
  )
  if (missing.length === 0) return text
  return text.replace(/\bslipway ([a-z]+)\b(?! --help)/g, (command, verb: string) =>
    [command, ...missing.filter(({ verbs }) => verbs.includes(verb)).map((flag) => flag.text)].join(' '),
  )
}
