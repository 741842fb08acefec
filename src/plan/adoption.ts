/** What to do about another tool's history table, which slipway never touches unless it is told to. */

/** Shapes whose `version` column names what was applied: dbmate and Rails, golang-migrate. */
export function hasVersionsOnly(columns: readonly string[]): boolean {
  const shape = [...columns].map((column) => column.toLowerCase()).sort()
  return shape.join() === 'version' || shape.join() === 'dirty,version'
}

/** `newest`: the last version in that table, where it could be read. */
export function hintForForeign(table: string, newest: string | undefined): string {
  const other = table === 'slipway_migrations' ? 'slipway_history' : 'slipway_migrations'
  const target = newest ?? 'TARGET'
  return `take it over, after a look at what that does: slipway adopt --dry-run; or give slipway a table of its own: export SLIPWAY_TABLE=${other}; then record what is applied already: slipway stamp ${target}`
}
