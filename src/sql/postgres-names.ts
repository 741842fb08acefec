/** Names out of the parse tree, as SQL. The parser has folded their case and cut them to 63 bytes already. */
import type { Node, RangeVar } from './libpg-query.ts'

/**
 * Words that name no table without quotes: the reserved ones, and those reserved but for functions and types;
 * https://www.postgresql.org/docs/18/sql-keywords-appendix.html
 */
const reserved = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
  column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
  from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
  localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
  returning right select session_user similar some symmetric system_user table tablesample then to trailing true
  union unique user using variadic verbose when where window with`.split(/\s+/),
)

/** `name` as it may stand in a statement: bare where PostgreSQL reads it back the same, else in double quotes. */
export function showPostgresId(name: string): string {
  if (/^[a-z_][a-z0-9_$]*$/.test(name) && !reserved.has(name)) return name
  return `"${name.replaceAll('"', '""')}"`
}

/** `schema.table` or `table`, as the text had it. */
export function showRelation(relation: RangeVar): string {
  return showPath([relation.schemaname, relation.relname])
}

/** A relation of another name in the same schema. */
export function showSibling(relation: RangeVar, name: string): string {
  return showPath([relation.schemaname, name])
}

export function showPath(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => showPostgresId(part ?? ''))
    .join('.')
}

/** The parts of a dotted name: a List of String nodes. A database in front of `schema.table` is dropped. */
export function namePartsOf(node: Node | undefined): readonly string[] {
  if (node === undefined || !('List' in node)) return []
  return (node.List.items ?? []).flatMap((item) =>
    'String' in item && item.String.sval !== undefined ? [item.String.sval] : [],
  )
}
