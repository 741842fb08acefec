/** What a SQL text would take away, by PostgreSQL's own grammar. What only the catalogue knows (a cascade) is not seen. */
import { createFormerNames, type FormerNames } from './former-names.ts'
import { type AlterTableStmt, type DropStmt, type Node, parseGrammar } from './libpg-query.ts'
import type { Loss } from './loss.ts'
import { findDeletes, whyOpaque } from './postgres-deletes.ts'
import { namePartsOf, showPath, showRelation } from './postgres-names.ts'
import { handleNode, type NodeHandlers } from './postgres-node.ts'
import { type PathState, rememberNames } from './postgres-renames.ts'
import { parseName } from './quote.ts'

export function createPostgresNames(): FormerNames {
  return createFormerNames({ show: showPath, fold: (name) => name })
}

/** In the order of the statements, each thing once, by the name that it had before the first that `names` has seen. */
export async function findPostgresLosses(
  texts: readonly string[],
  names: FormerNames = createPostgresNames(),
): Promise<Loss[]> {
  const nodes = (await Promise.all(texts.map(parseGrammar))).flat()
  // Each migration begins with the search_path of the URL.
  const path: PathState = { path: undefined }
  const losses = new Map<string, Loss>()
  for (const { node } of nodes) {
    for (const loss of lossesOf(node)) {
      const known = nameToday(loss, names, path)
      if (known !== undefined) losses.set(JSON.stringify(known), known)
    }
    rememberNames(node, names, path)
  }
  return [...losses.values()]
}

function lossesOf(node: Node): readonly Loss[] {
  const deletes = findDeletes(node)
  const found = handleNode(node, handlers)
  const opaque = found === undefined && deletes.length === 0 ? whyOpaque(node) : undefined
  const unknown: Loss[] = opaque === undefined ? [] : [{ kind: 'opaque', what: opaque }]
  return [...(found ?? []), ...deletes.map((table) => ({ kind: 'rows', table }) as const), ...unknown]
}

/** Undefined: it was made on the way. */
function nameToday(loss: Loss, names: FormerNames, { path }: PathState): Loss | undefined {
  if (loss.kind === 'schema') return { ...loss, schema: names.schema(loss.schema) }
  if (!('table' in loss)) return loss
  const isBare = path !== undefined && parseName(loss.table).schema === undefined
  const written =
    isBare && path !== 'unknown' ? showPath([path.schema, parseName(loss.table).name]) : loss.table
  const unsure = isBare && path === 'unknown' ? ({ isUnsure: true } as const) : {}
  if (loss.kind === 'column') {
    const former = names.column(written, loss.column)
    return former === undefined ? undefined : { kind: 'column', ...former, ...unsure }
  }
  const table = names.table(written)
  return table === undefined ? undefined : { ...loss, table, ...unsure }
}

const handlers: NodeHandlers<readonly Loss[]> = {
  DropStmt: dropped,
  AlterTableStmt: droppedColumns,
  TruncateStmt: ({ relations }) =>
    (relations ?? []).flatMap((item): Loss[] =>
      'RangeVar' in item ? [{ kind: 'rows', table: showRelation(item.RangeVar) }] : [],
    ),
  DoStmt: () => [{ kind: 'opaque', what: 'a do block' }],
  CallStmt: () => [{ kind: 'opaque', what: 'a procedure call' }],
  DropOwnedStmt: () => [{ kind: 'opaque', what: 'drop owned' }],
  DropdbStmt: () => [{ kind: 'opaque', what: 'drop database' }],
}

/** What takes no column with it when it goes with `cascade`. */
const withoutColumns = new Set([
  'OBJECT_INDEX',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
])

function dropped({ removeType, objects, behavior }: DropStmt): readonly Loss[] {
  switch (removeType) {
    case 'OBJECT_TABLE':
      return (objects ?? []).flatMap((object): Loss[] => {
        const parts = namePartsOf(object).slice(-2)
        return parts.length === 0 ? [] : [{ kind: 'table', table: showPath(parts) }]
      })
    case 'OBJECT_SCHEMA':
      // Without cascade it must be empty.
      if (behavior !== 'DROP_CASCADE') return []
      return (objects ?? []).flatMap((object): Loss[] =>
        'String' in object && object.String.sval !== undefined
          ? [{ kind: 'schema', schema: object.String.sval }]
          : [],
      )
    case 'OBJECT_EXTENSION':
      return [{ kind: 'opaque', what: 'drop extension' }]
    default:
      return behavior === 'DROP_CASCADE' && !withoutColumns.has(removeType ?? '')
        ? [{ kind: 'opaque', what: 'drop … cascade' }]
        : []
  }
}

function droppedColumns({ relation, objtype, cmds }: AlterTableStmt): readonly Loss[] {
  if (relation === undefined || objtype !== 'OBJECT_TABLE') return []
  return (cmds ?? []).flatMap((node): Loss[] => {
    if (!('AlterTableCmd' in node)) return []
    const { subtype, name } = node.AlterTableCmd
    if (subtype !== 'AT_DropColumn' || name === undefined) return []
    return [{ kind: 'column', table: showRelation(relation), column: name }]
  })
}
