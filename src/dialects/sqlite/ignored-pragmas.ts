/** Pragmas that SQLite accepts inside a transaction and then does not carry out. */

const assignment =
  /^pragma\s+(?:(?:\w+|"[^"]*"|\[[^\]]*\]|`[^`]*`)\s*\.\s*)?(foreign_keys|journal_mode)\s*[=(]/i

/** What to tell the author of a transactional migration, or undefined. https://www.sqlite.org/pragma.html */
export function noticeOf(statement: string): string | undefined {
  switch (assignment.exec(withoutComments(statement))?.[1]?.toLowerCase()) {
    case 'foreign_keys':
      return 'pragma foreign_keys does nothing inside a transaction: slipway itself turns it off for a migration that drops a table, and checks every foreign key afterwards'
    case 'journal_mode':
      return 'pragma journal_mode does nothing inside a transaction: move it to a migration with transaction: false'
    default:
      return undefined
  }
}

function withoutComments(statement: string): string {
  return statement.replaceAll(/\/\*.*?\*\/|--[^\n]*/gs, ' ').trimStart()
}
