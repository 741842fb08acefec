/** The relations that exist because of a statement. */
import type { CreateSchemaStmt, CreateStmt, Node, RangeVar, RenameStmt } from './libpg-query.ts'
import { showPath, showRelation, showSibling } from './postgres-names.ts'
import { handleNode, type NodeHandlers } from './postgres-node.ts'

/**
 * Names that are new once the statement is done, spelled as the text spells them. `if not exists` and `or replace`
 * make nothing certain, so they are left out.
 */
export function createsOf(node: Node): readonly string[] {
  return handleNode(node, handlers) ?? []
}

const handlers: NodeHandlers<readonly string[]> = {
  CreateStmt: created,
  CreateForeignTableStmt: ({ base }) => (base === undefined ? [] : created(base)),
  CreateTableAsStmt: ({ into, if_not_exists: unsure }) => (unsure === true ? [] : shown(into?.rel)),
  SelectStmt: ({ intoClause }) => shown(intoClause?.rel),
  ViewStmt: ({ view, replace }) => (replace === true ? [] : shown(view)),
  RenameStmt: renamed,
  AlterObjectSchemaStmt: ({ objectType, relation, newschema }) =>
    objectType === 'OBJECT_TABLE' ? [showPath([newschema, relation?.relname])] : [],
  CreateSchemaStmt: createdInSchema,
}

function created({ relation, if_not_exists: unsure }: CreateStmt): readonly string[] {
  return unsure === true ? [] : shown(relation)
}

function shown(relation: RangeVar | undefined): readonly string[] {
  return relation === undefined ? [] : [showRelation(relation)]
}

function renamed({ renameType, relation, newname }: RenameStmt): readonly string[] {
  if (renameType !== 'OBJECT_TABLE' || relation === undefined || newname === undefined) return []
  return [showSibling(relation, newname)]
}

/** A name without a schema belongs to the new one. */
function createdInSchema({ schemaname, schemaElts }: CreateSchemaStmt): readonly string[] {
  if (schemaname === undefined) return []
  return (schemaElts ?? []).flatMap(createsOf).map((name) => `${showPath([schemaname])}.${name}`)
}
