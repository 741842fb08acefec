/** Deletes anywhere in a statement of PostgreSQL, and statements whose text does not tell what they do. */
import type { Node, RangeVar } from './libpg-query.ts'
import { showRelation } from './postgres-names.ts'

/** What only defines something that may delete later. */
const definitions = new Set(['CreateFunctionStmt', 'RuleStmt', 'ViewStmt', 'CreateTrigStmt'])

/** The tables that `delete` and `merge … delete` name, in with-queries, copy, explain and prepare, too. */
export function findDeletes(node: Node): readonly string[] {
  const [tag = ''] = Object.keys(node)
  return definitions.has(tag) ? [] : [...new Set(collect(node))]
}

function* collect(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, content] of Object.entries(value)) {
    if (key === 'DeleteStmt' || (key === 'MergeStmt' && deletes(content))) {
      const { relation } = content as { readonly relation?: RangeVar }
      if (relation !== undefined) yield showRelation(relation)
    }
    yield* collect(content)
  }
}

function deletes(merge: unknown): boolean {
  const { mergeWhenClauses = [] } = merge as { readonly mergeWhenClauses?: readonly Node[] }
  return mergeWhenClauses.some(
    (clause) => 'MergeWhenClause' in clause && clause.MergeWhenClause.commandType === 'CMD_DELETE',
  )
}

/** By the beginning of the grammar's name for them: none of these takes rows away. */
const harmless =
  /^(?:Alter|CheckPoint|Close|Cluster|Comment|CompositeType|Constraints|Copy|Create|Declare|Define|Discard|Explain|Fetch|Grant|Import|Index|Insert|Listen|Lock|Merge|Notify|Prepare|Reassign|Refresh|Reindex|Rename|Rule|SecLabel|Transaction|Unlisten|Update|Vacuum|Variable|View|DeallocateStmt|DropRole|DropSubscription|DropTableSpace|DropUserMapping)/

/** Functions that a migration may well select and that delete nothing. */
const harmlessFunctions = new Set(
  'abs age array_agg avg bool_and bool_or char_length clock_timestamp coalesce concat count current_database current_schema current_setting currval date_part date_trunc format gen_random_uuid generate_series greatest jsonb_agg json_agg lastval least length lower max md5 min nextval now obj_description pg_notify pg_sleep random round row_number set_config setval statement_timestamp string_agg substr substring sum to_char to_date to_regclass to_timestamp transaction_timestamp trim upper version'.split(
    ' ',
  ),
)

/** What it is, if it may do anything. */
export function whyOpaque(node: Node): string | undefined {
  const [tag = ''] = Object.keys(node)
  if (tag === 'SelectStmt') return callsUnknown(node) ? 'a function call' : undefined
  return tag === 'DropStmt' || harmless.test(tag) ? undefined : 'a statement that cannot be looked into'
}

function callsUnknown(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([key, content]) => (key === 'FuncCall' && !isHarmless(content)) || callsUnknown(content),
  )
}

function isHarmless(call: unknown): boolean {
  const { funcname = [] } = call as { readonly funcname?: readonly Node[] }
  const parts = funcname.map((part) => ('String' in part ? (part.String.sval ?? '') : ''))
  const name = parts.at(-1) ?? ''
  const isBuiltIn = parts.length === 1 || parts[0] === 'pg_catalog'
  return isBuiltIn && harmlessFunctions.has(name)
}
