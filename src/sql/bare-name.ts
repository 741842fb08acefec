/** Names as people write them in SQL: quoted where they have to be, and nowhere else. */
import { type QualifiedName, quoteSqliteId } from './quote.ts'

/**
 * What is no plain name on PostgreSQL 13 to 18 or on SQLite: every key word but PostgreSQL's unreserved ones, and
 * SQLite's that its grammar does not take for a name. https://www.postgresql.org/docs/current/sql-keywords-appendix.html,
 * https://www.sqlite.org/lang_keywords.html
 */
const reserved: ReadonlySet<string> = new Set(
  `add all alter analyse analyze and any array as asc asymmetric authorization autoincrement between bigint binary bit
  boolean both case cast char character check coalesce collate collation column commit concurrently constraint create
  cross current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal
  default deferrable delete desc distinct do drop else end escape except exists extract false fetch float for foreign
  freeze from full glob grant greatest group grouping having if ilike in index indexed initially inner inout insert int
  integer intersect interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg
  json_query json_scalar json_serialize json_table json_value lateral leading least left like limit localtime
  localtimestamp match materialized merge_action national natural nchar none normalize not nothing notnull null nullif
  numeric of offset on only or order out outer overlaps overlay placing position precision primary raise real references
  regexp returning right row select session_user set setof similar smallint some substring symmetric system_user table
  tablesample then time timestamp to trailing transaction treat trim true union unique update user using values varchar
  variadic verbose virtual when where window with without xmlattributes xmlconcat xmlelement xmlexists xmlforest
  xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`.split(/\s+/),
)

/** `name` as an identifier of either database; case and odd characters are kept by quotes. */
export function bareName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : quoteSqliteId(name)
}

export function barePath({ schema, name }: QualifiedName): string {
  return schema === undefined ? bareName(name) : `${bareName(schema)}.${bareName(name)}`
}
