import type { Node, RangeVar } from './libpg-query.ts'
import { showRelation } from './postgres-names.ts'
import type { LockMode, TableLock } from './statement.ts'

/** A lock on what the text names, without its children if the text says `only`. */
export function lockOn(relation: RangeVar | undefined, mode: LockMode): readonly TableLock[] {
  if (relation === undefined) return []
  const lock: TableLock = { table: showRelation(relation), mode }
  return [relation.inh === true ? lock : { ...lock, only: true }]
}

/**
 * Locks on the tables that foreign keys among `nodes` (constraints, or columns that carry some) point at, other than
 * `table` itself; https://www.postgresql.org/docs/current/sql-altertable.html: SHARE ROW EXCLUSIVE on both.
 */
export function referencedLocks(nodes: readonly Node[], table: RangeVar | undefined): readonly TableLock[] {
  const self = table === undefined ? undefined : showRelation(table)
  return nodes
    .flatMap((node) => ('ColumnDef' in node ? (node.ColumnDef.constraints ?? []) : [node]))
    .flatMap((node) => ('Constraint' in node ? lockOn(node.Constraint.pktable, 'share row exclusive') : []))
    .filter((lock) => lock.table !== self)
}
