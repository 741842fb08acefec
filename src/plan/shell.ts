/** Commands that messages ask people to type. */

/** A word as a POSIX shell must read it: quoted unless it is plain. */
export function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** `--accept 0001_users`; `--accept='-x'` where the value could be taken for a flag. */
export function shellFlag(flag: string, value: string): string {
  return value.startsWith('-') ? `--${flag}=${shellWord(value)}` : `--${flag} ${shellWord(value)}`
}
