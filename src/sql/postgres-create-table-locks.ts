/** The tables that a new table ties itself to. */
import type { CreateStmt } from './libpg-query.ts'
import { lockOn, referencedLocks } from './postgres-relation-lock.ts'
import type { TableLock } from './statement.ts'

/**
 * Parents and foreign keys' targets; https://www.postgresql.org/docs/current/sql-createtable.html: `partition of`
 * takes ACCESS EXCLUSIVE on the parent, `inherits` only keeps its definition still.
 */
export function createTableLocks(create: CreateStmt): readonly TableLock[] {
  const mode = create.partbound === undefined ? 'share update exclusive' : 'access exclusive'
  const parents = (create.inhRelations ?? []).flatMap((parent) =>
    'RangeVar' in parent ? lockOn(parent.RangeVar, mode).map((lock) => ({ ...lock, only: true })) : [],
  )
  return [...parents, ...referencedLocks(create.tableElts ?? [], create.relation)]
}
