/** Whether two definitions of an index or a constraint say the same, one as people write it, one as the server prints it. */
import { parseGrammar } from './libpg-query.ts'

type Tree = Readonly<Record<string, unknown>>

/**
 * Compares by PostgreSQL's grammar: case, blanks, parentheses, names of the object itself, defaults that the server
 * leaves out and casts it puts in make no difference. Where that is not enough the answer is false: the caller shows
 * both texts. `wanted` may leave out the schema of a table. Throws SqlSyntaxError.
 */
export async function isSameDefinition(
  kind: 'index' | 'constraint',
  found: string,
  wanted: string,
): Promise<boolean> {
  const read = async (text: string) => {
    const [statement] = await parseGrammar(kind === 'index' ? text : `alter table t add ${text}`)
    return statement?.node
  }
  const wantedTree = await read(wanted)
  const ignoresSchema = !JSON.stringify(wantedTree).includes('"schemaname"')
  const write = (tree: unknown) => JSON.stringify(simplify(tree, ignoresSchema))
  return write(await read(found)) === write(wantedTree)
}

const names = new Set(['idxname', 'conname', 'if_not_exists', 'concurrent', 'inh'])
const isPosition = (key: string) =>
  key === 'location' || /^(?:stmt|list|rexpr_list)_(?:location|len|start|end)$/.test(key)

function simplify(node: unknown, ignoresSchema: boolean): unknown {
  if (Array.isArray(node)) return node.map((one) => simplify(one, ignoresSchema))
  if (typeof node !== 'object' || node === null) return node
  const tree = withoutDefaults(withoutSugar(node as Tree))
  const kept = Object.entries(tree)
    .filter(([key]) => !isPosition(key) && !names.has(key) && !(ignoresSchema && key === 'schemaname'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(kept.map(([key, value]) => [key, simplify(value, ignoresSchema)]))
}

/** `x in (…)` is printed as `x = any (array[…])`, `like` as an operator, a constant and a text with its type. */
function withoutSugar(tree: Tree): Tree {
  const cast = tree.TypeCast as Tree | undefined
  if (cast !== undefined && isImplied(cast)) return withoutSugar(cast.arg as Tree)
  // Storage parameters are kept as texts.
  if (tree.Integer !== undefined)
    return { String: { sval: String((tree.Integer as { readonly ival?: number }).ival ?? 0) } }
  const expression = tree.A_Expr as Tree | undefined
  if (expression?.kind === 'AEXPR_IN') {
    const elements = ((expression.rexpr as Tree).List as Tree).items
    const isAny = JSON.stringify(expression.name).includes('"="')
    const kind = isAny ? 'AEXPR_OP_ANY' : 'AEXPR_OP_ALL'
    return { A_Expr: { ...expression, kind, rexpr: { A_ArrayExpr: { elements } } } }
  }
  if (expression?.kind === 'AEXPR_LIKE' || expression?.kind === 'AEXPR_ILIKE')
    return { A_Expr: { ...expression, kind: 'AEXPR_OP' } }
  return tree
}

function isImplied({ arg, typeName }: Tree): boolean {
  const { names: parts, typmods } = typeName as Tree
  if (typmods !== undefined) return false
  const isTextual = /"(?:text|varchar|bpchar)"/.test(JSON.stringify(parts))
  const [tag] = Object.keys(arg as Tree)
  return tag === 'A_Const' || (isTextual && /^(?:ColumnRef|A_ArrayExpr|TypeCast)$/.test(tag ?? ''))
}

/** The server prints neither `asc` nor the place of nulls that goes with the order. */
function withoutDefaults(tree: Tree): Tree {
  if (tree.ordering === undefined) return tree
  const ordering = tree.ordering === 'SORTBY_ASC' ? 'SORTBY_DEFAULT' : tree.ordering
  const usual = ordering === 'SORTBY_DESC' ? 'SORTBY_NULLS_FIRST' : 'SORTBY_NULLS_LAST'
  const isUsual = tree.nulls_ordering === usual || tree.nulls_ordering === undefined
  return { ...tree, ordering, nulls_ordering: isUsual ? 'SORTBY_NULLS_DEFAULT' : tree.nulls_ordering }
}
