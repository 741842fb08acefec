/** `create index concurrently` and `drop index concurrently`, from the parse tree. */
import type { DropStmt, IndexStmt, Node } from './libpg-query.ts'
import { namePartsOf, showPath, showRelation, showSibling } from './postgres-names.ts'
import { handleNode } from './postgres-node.ts'
import type { ConcurrentIndex } from './statement.ts'

export function concurrentIndexOf(node: Node): ConcurrentIndex | undefined {
  return handleNode<ConcurrentIndex | undefined>(node, { IndexStmt: created, DropStmt: dropped })
}

/** An index lives in its table's schema, so its name is qualified as the table's is. */
function created(create: IndexStmt): ConcurrentIndex | undefined {
  const { relation, idxname } = create
  if (create.concurrent !== true || relation === undefined) return undefined
  return {
    action: 'create',
    index: idxname === undefined ? undefined : showSibling(relation, idxname),
    table: showRelation(relation),
    unique: create.unique ?? false,
    columns: (create.indexParams ?? []).map((param) =>
      'IndexElem' in param ? param.IndexElem.name : undefined,
    ),
  }
}

/** The server takes one index at a time here. */
function dropped(drop: DropStmt): ConcurrentIndex | undefined {
  if (drop.concurrent !== true || drop.removeType !== 'OBJECT_INDEX') return undefined
  const parts = namePartsOf(drop.objects?.[0])
  return { action: 'drop', index: parts.length === 0 ? undefined : showPath(parts.slice(-2)) }
}
