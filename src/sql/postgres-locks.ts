/**
 * The table locks a statement takes, told from its text alone; https://www.postgresql.org/docs/current/explicit-locking.html
 * and the "Notes" of each command. What only the catalogue knows (tables behind an index, a foreign key to be
 * dropped, cascade) is left to the statement itself.
 */

import { combineLocks } from './combine-locks.ts'
import type {
  CommentStmt,
  CreateSchemaStmt,
  DropStmt,
  Node,
  ObjectType,
  RangeVar,
  RenameStmt,
} from './libpg-query.ts'
import { alterTableLocks } from './postgres-alter-table-locks.ts'
import { createTableLocks } from './postgres-create-table-locks.ts'
import { createsOf } from './postgres-creates.ts'
import { namePartsOf, showPath } from './postgres-names.ts'
import { handleNode, type NodeHandlers } from './postgres-node.ts'
import { lockOn } from './postgres-relation-lock.ts'
import type { TableLock } from './statement.ts'

/**
 * Relations the statement locks more strongly than plain reading and writing does. A name may turn out to be a view,
 * an index or nothing at all: `lock table` takes only tables that exist, so whoever locks them has to look first.
 */
export function locksOf(node: Node): readonly TableLock[] {
  return handleNode(node, handlers) ?? []
}

const handlers: NodeHandlers<readonly TableLock[]> = {
  AlterTableStmt: alterTableLocks,
  RenameStmt: renameLocks,
  AlterObjectSchemaStmt: ({ objectType, relation }) =>
    objectType === 'OBJECT_TABLE' ? alone(relation, 'access exclusive') : [],
  DropStmt: dropLocks,
  CreateStmt: createTableLocks,
  CreateForeignTableStmt: ({ base }) => (base === undefined ? [] : createTableLocks(base)),
  CreateSchemaStmt: schemaLocks,
  IndexStmt: ({ relation }) => lockOn(relation, 'share'),
  CreateTrigStmt: ({ relation, timing }) =>
    timing === insteadOf ? [] : lockOn(relation, 'share row exclusive'),
  RuleStmt: ({ relation }) => alone(relation, 'access exclusive'),
  CreatePolicyStmt: ({ table }) => alone(table, 'access exclusive'),
  AlterPolicyStmt: ({ table }) => alone(table, 'access exclusive'),
  TruncateStmt: ({ relations }) =>
    (relations ?? []).flatMap((item) =>
      'RangeVar' in item ? lockOn(item.RangeVar, 'access exclusive') : [],
    ),
  CommentStmt: commentLocks,
  CreateStatsStmt: ({ relations }) =>
    (relations ?? []).flatMap((item) =>
      'RangeVar' in item ? alone(item.RangeVar, 'share update exclusive') : [],
    ),
  ClusterStmt: ({ relation }) => alone(relation, 'access exclusive'),
  ReindexStmt: ({ kind, relation }) => (kind === 'REINDEX_OBJECT_TABLE' ? alone(relation, 'share') : []),
}

/** TRIGGER_TYPE_INSTEAD in catalog/pg_trigger.h: only a view has such triggers. */
const insteadOf = 64

function alone(relation: RangeVar | undefined, mode: TableLock['mode']): readonly TableLock[] {
  return lockOn(relation, mode).map((lock) => ({ ...lock, only: true }))
}

function renameLocks({ renameType, relationType, relation }: RenameStmt): readonly TableLock[] {
  switch (renameType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_RULE':
    case 'OBJECT_POLICY':
      return alone(relation, 'access exclusive')
    case 'OBJECT_TABCONSTRAINT':
    case 'OBJECT_TRIGGER':
      return lockOn(relation, 'access exclusive')
    case 'OBJECT_COLUMN':
      return relationType === 'OBJECT_TABLE' ? lockOn(relation, 'access exclusive') : []
    default:
      return []
  }
}

function dropLocks({ removeType, objects }: DropStmt): readonly TableLock[] {
  if (removeType === 'OBJECT_TABLE') return named(objects, (parts) => parts)
  if (isPartOfTable(removeType)) return named(objects, (parts) => parts.slice(0, -1))
  return []
}

function isPartOfTable(type: ObjectType | undefined): boolean {
  return type === 'OBJECT_TRIGGER' || type === 'OBJECT_RULE' || type === 'OBJECT_POLICY'
}

function named(
  objects: readonly Node[] | undefined,
  tableOf: (parts: readonly string[]) => readonly string[],
): readonly TableLock[] {
  return (objects ?? []).flatMap((object) => {
    const table = tableOf(namePartsOf(object)).slice(-2)
    return table.length === 0 ? [] : [{ table: showPath(table), mode: 'access exclusive' as const }]
  })
}

function commentLocks({ objtype, object }: CommentStmt): readonly TableLock[] {
  if (objtype !== 'OBJECT_TABLE' && objtype !== 'OBJECT_COLUMN') return []
  const parts = namePartsOf(object)
  const table = (objtype === 'OBJECT_COLUMN' ? parts.slice(0, -1) : parts).slice(-2)
  return table.length === 0 ? [] : [{ table: showPath(table), mode: 'share update exclusive', only: true }]
}

/** The elements of `create schema s create table …` see the tables made before them. */
function schemaLocks({ schemaElts }: CreateSchemaStmt): readonly TableLock[] {
  return combineLocks((schemaElts ?? []).map((node) => ({ locks: locksOf(node), creates: createsOf(node) })))
}
