/** The locks of `alter table`, which depend on each of its subcommands. */
import type { AlterTableCmd, AlterTableStmt, AlterTableType, Node } from './libpg-query.ts'
import { definitions } from './postgres-node.ts'
import { lockOn, referencedLocks } from './postgres-relation-lock.ts'
import { type LockMode, lockModes, type TableLock } from './statement.ts'

/**
 * The altered table, in the strongest mode its subcommands need, and the other tables they name;
 * https://www.postgresql.org/docs/current/sql-altertable.html and AlterTableGetLockLevel in tablecmds.c.
 */
export function alterTableLocks({ relation, objtype, cmds }: AlterTableStmt): readonly TableLock[] {
  if (objtype !== 'OBJECT_TABLE' || relation === undefined) return []
  const commands = (cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []))
  const mode = lockModes[Math.max(0, ...commands.map((command) => lockModes.indexOf(modeOf(command))))]
  const own = lockOn(relation, mode ?? 'access exclusive')
  const onlyParent = commands.every(({ subtype }) => subtype !== undefined && partitionCommands.has(subtype))
  const others = commands.flatMap((command) => otherTables(command))
  const referenced = referencedLocks(
    commands.flatMap(({ def }) => (def === undefined ? [] : [def])),
    relation,
  )
  return [...own.map((lock) => (onlyParent ? { ...lock, only: true } : lock)), ...others, ...referenced]
}

/** These do not touch the other partitions. */
const partitionCommands: ReadonlySet<AlterTableType> = new Set<AlterTableType>([
  'AT_AttachPartition',
  'AT_DetachPartition',
  'AT_DetachPartitionFinalize',
])

const weakModes: { readonly [T in AlterTableType]?: LockMode } = {
  AT_ValidateConstraint: 'share update exclusive',
  AT_SetStatistics: 'share update exclusive',
  AT_SetOptions: 'share update exclusive',
  AT_ResetOptions: 'share update exclusive',
  AT_ClusterOn: 'share update exclusive',
  AT_DropCluster: 'share update exclusive',
  AT_AttachPartition: 'share update exclusive',
  AT_DetachPartitionFinalize: 'share update exclusive',
  AT_EnableTrig: 'share row exclusive',
  AT_EnableAlwaysTrig: 'share row exclusive',
  AT_EnableReplicaTrig: 'share row exclusive',
  AT_EnableTrigAll: 'share row exclusive',
  AT_EnableTrigUser: 'share row exclusive',
  AT_DisableTrig: 'share row exclusive',
  AT_DisableTrigAll: 'share row exclusive',
  AT_DisableTrigUser: 'share row exclusive',
}

function modeOf({ subtype, def }: AlterTableCmd): LockMode {
  switch (subtype) {
    case 'AT_AddConstraint':
      return isForeignKey(def) ? 'share row exclusive' : 'access exclusive'
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
      return hasOnlyOnlineParameters(def) ? 'share update exclusive' : 'access exclusive'
    case undefined:
      return 'access exclusive'
    default:
      return weakModes[subtype] ?? 'access exclusive'
  }
}

function isForeignKey(def: Node | undefined): boolean {
  return def !== undefined && 'Constraint' in def && def.Constraint.contype === 'CONSTR_FOREIGN'
}

/** Storage parameters that reloptions.c lists with ShareUpdateExclusiveLock; all others need the strongest lock. */
const onlineParameter =
  /^(?:fillfactor|toast_tuple_target|parallel_workers|vacuum_(?:index_cleanup|truncate|max_eager_freeze_failure_rate)|(?:log_)?autovacuum_[a-z_]+)$/

function hasOnlyOnlineParameters(def: Node | undefined): boolean {
  if (def === undefined || !('List' in def)) return false
  return definitions(def.List.items).every(({ defname }) => onlineParameter.test(defname ?? ''))
}

/** The partition that joins or leaves, the parent that is inherited from. */
function otherTables({ subtype, def }: AlterTableCmd): readonly TableLock[] {
  if (def === undefined) return []
  if ('PartitionCmd' in def) return lockOn(def.PartitionCmd.name, 'access exclusive')
  if ('RangeVar' in def && subtype === 'AT_AddInherit')
    return lockOn(def.RangeVar, 'share update exclusive').map((lock) => ({ ...lock, only: true }))
  return []
}
