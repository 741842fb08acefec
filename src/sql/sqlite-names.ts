/** `name` as it may stand in a statement: bare where that is plain, else in double quotes. */
export function showSqliteId(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) && !keywords.has(name.toLowerCase())
    ? name
    : `"${name.replaceAll('"', '""')}"`
}

/** Those that people call tables by; https://www.sqlite.org/lang_keywords.html */
const keywords = new Set(
  'add all alter and as autoincrement between case check collate commit constraint create default deferrable delete distinct drop else escape except exists foreign from group having if in index insert intersect into is isnull join limit not nothing notnull null on or order primary references returning select set table then to transaction union unique update using values when where'.split(
    ' ',
  ),
)
