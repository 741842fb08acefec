/** What a SQL text would take away, by PostgreSQL's own grammar. What only the catalogue knows (a cascade) is not seen. */
import { type AlterTableStmt, type DropStmt, type Node, parseGrammar } from './libpg-query.ts'
import type { Loss } from './loss.ts'
import { namePartsOf, showPath, showRelation, showSibling } from './postgres-names.ts'
import { handleNode, type NodeHandlers } from './postgres-node.ts'

/** In the order of the statements, each thing once. A table that was renamed before bears its first name. */
export async function findPostgresLosses(texts: readonly string[]): Promise<Loss[]> {
  const nodes = (await Promise.all(texts.map(parseGrammar))).flat()
  const formerNames = new Map<string, string>()
  const losses = new Map<string, Loss>()
  for (const { node } of nodes) {
    for (const loss of handleNode(node, handlers) ?? []) {
      const known = 'table' in loss ? { ...loss, table: formerNames.get(loss.table) ?? loss.table } : loss
      losses.set(JSON.stringify(known), known)
    }
    rememberRename(node, formerNames)
  }
  return [...losses.values()]
}

const handlers: NodeHandlers<readonly Loss[]> = {
  DropStmt: dropped,
  AlterTableStmt: droppedColumns,
  TruncateStmt: ({ relations }) =>
    (relations ?? []).flatMap((item): Loss[] =>
      'RangeVar' in item ? [{ kind: 'rows', table: showRelation(item.RangeVar) }] : [],
    ),
  DeleteStmt: ({ relation }) =>
    relation === undefined ? [] : [{ kind: 'rows', table: showRelation(relation) }],
  DoStmt: () => [{ kind: 'opaque', what: 'a do block' }],
  CallStmt: () => [{ kind: 'opaque', what: 'a procedure call' }],
  DropOwnedStmt: () => [{ kind: 'opaque', what: 'drop owned' }],
  DropdbStmt: () => [{ kind: 'opaque', what: 'drop database' }],
}

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
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
    case 'OBJECT_EXTENSION':
      return behavior === 'DROP_CASCADE' ? [{ kind: 'opaque', what: 'drop … cascade' }] : []
    default:
      return []
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

function rememberRename(node: Node, formerNames: Map<string, string>): void {
  if (!('RenameStmt' in node)) return
  const { renameType, relation, newname } = node.RenameStmt
  if (renameType !== 'OBJECT_TABLE' || relation === undefined || newname === undefined) return
  const from = showRelation(relation)
  formerNames.set(showSibling(relation, newname), formerNames.get(from) ?? from)
}
