import type { ParsedStatement } from '../../sql/statement.ts'

/** `set local`, `set transaction` and `set constraints` end with their transaction; `set` and `reset` stay. */
const lasting = /^(set(?!\s+(local|transaction|constraints)\b)|reset)\b/i

/** The texts of the statements before `index` (0-based) that set something for the rest of the session, in order. */
export function settingsBefore(statements: readonly ParsedStatement[], index: number): string[] {
  return statements
    .slice(0, index)
    .map(({ text }) => text)
    .filter((text) => lasting.test(text))
}
