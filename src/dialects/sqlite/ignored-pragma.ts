/** The pragma that SQLite accepts inside a transaction and then does not carry out. */

const assignment = /^pragma\s+(?:(?:\w+|"[^"]*"|\[[^\]]*\]|`[^`]*`)\s*\.\s*)?foreign_keys\s*[=(]/i

/** What to tell the author of `pragma foreign_keys = …` in a transaction. https://www.sqlite.org/pragma.html#pragma_foreign_keys */
export function noticeOf(statement: string): string | undefined {
  if (!assignment.test(withoutComments(statement))) return undefined
  return 'pragma foreign_keys does nothing inside a transaction: slipway itself turns it off for a migration that drops a table, and checks every foreign key afterwards'
}

function withoutComments(statement: string): string {
  return statement.replaceAll(/\/\*.*?\*\/|--[^\n]*/gs, ' ').trimStart()
}
