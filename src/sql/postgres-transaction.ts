/** What a statement has to do with transactions, from its parse tree. */
import type { AlterSubscriptionStmt, CreateSubscriptionStmt, Node, TransactionStmt } from './libpg-query.ts'
import { booleanOption, definitions, handleNode, type NodeHandlers } from './postgres-node.ts'
import type { ParsedStatement } from './statement.ts'
import type { TransactionControl } from './transaction-control.ts'

/**
 * Whether the server takes the statement inside a transaction block; refusals are SQLSTATE 25001. What only the
 * catalogue can tell (`reindex table` and `cluster` of a partitioned table) counts as 'any'. A subscription is
 * taken to have its replication slot.
 */
export function transactionOf(node: Node): ParsedStatement['transaction'] {
  return handleNode(node, acceptance) ?? 'any'
}

/** Set for `begin`, `commit` and the like; https://www.postgresql.org/docs/current/sql-begin.html */
export function controlOf(node: Node): TransactionControl | undefined {
  return handleNode(node, { TransactionStmt: controlOfKind })
}

/** Each line is a call of PreventInTransactionBlock in PostgreSQL's source, or a page that says so. */
const acceptance: NodeHandlers<ParsedStatement['transaction']> = {
  IndexStmt: (create) => refusedIf(create.concurrent),
  DropStmt: (drop) => refusedIf(drop.removeType === 'OBJECT_INDEX' && drop.concurrent),
  ReindexStmt: ({ kind, params }) =>
    refusedIf(
      (kind !== 'REINDEX_OBJECT_INDEX' && kind !== 'REINDEX_OBJECT_TABLE') ||
        booleanOption(params, 'concurrently'),
    ),
  VacuumStmt: (vacuum) => refusedIf(vacuum.is_vacuumcmd),
  ClusterStmt: (cluster) => refusedIf(cluster.relation === undefined),
  CreatedbStmt: () => 'refused',
  DropdbStmt: () => 'refused',
  AlterDatabaseStmt: ({ options }) => refusedIf(hasOption(options, 'tablespace')),
  CreateTableSpaceStmt: () => 'refused',
  DropTableSpaceStmt: () => 'refused',
  AlterSystemStmt: () => 'refused',
  AlterTableStmt: ({ cmds }) => refusedIf((cmds ?? []).some(isConcurrentDetach)),
  CreateSubscriptionStmt: (create) => refusedIf(makesSlot(create)),
  AlterSubscriptionStmt: (alter) => refusedIf(refreshes(alter) || changesSlot(alter)),
  DropSubscriptionStmt: () => 'refused',
  DiscardStmt: ({ target }) => refusedIf(target === 'DISCARD_ALL'),
  TransactionStmt: ({ kind }) =>
    refusedIf(kind === 'TRANS_STMT_COMMIT_PREPARED' || kind === 'TRANS_STMT_ROLLBACK_PREPARED'),
  CallStmt: () => 'may-commit',
  DoStmt: ({ args }) => (isAtomicBlock(args) ? 'any' : 'may-commit'),
}

/**
 * PL/pgSQL commits by its own words or through a procedure it calls, and refuses both inside `execute`. Without those
 * words, wherever they stand, the block is as atomic as any statement.
 * https://www.postgresql.org/docs/current/plpgsql-transactions.html
 */
function isAtomicBlock(args: readonly Node[] | undefined): boolean {
  const textOf = (name: string) => {
    const value = definitions(args).find(({ defname }) => defname === name)?.arg
    return value !== undefined && 'String' in value ? value.String.sval : undefined
  }
  const body = textOf('as')
  if (body === undefined || (textOf('language') ?? 'plpgsql').toLowerCase() !== 'plpgsql') return false
  return !/\b(?:commit|rollback|call)\b/i.test(body)
}

function refusedIf(condition: boolean | undefined): 'refused' | 'any' {
  return condition === true ? 'refused' : 'any'
}

function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return booleanOption(options, name) !== undefined
}

/** `detach partition … finalize` is allowed. */
function isConcurrentDetach(node: Node): boolean {
  if (!('AlterTableCmd' in node)) return false
  const { subtype, def } = node.AlterTableCmd
  if (subtype !== 'AT_DetachPartition' || def === undefined) return false
  return 'PartitionCmd' in def && def.PartitionCmd.concurrent === true
}

/** https://www.postgresql.org/docs/current/sql-createsubscription.html: `connect = false` turns create_slot off. */
function makesSlot({ options }: CreateSubscriptionStmt): boolean {
  return booleanOption(options, 'create_slot') ?? booleanOption(options, 'connect') ?? true
}

/** https://www.postgresql.org/docs/current/sql-altersubscription.html: refresh is on unless switched off. */
function refreshes({ kind, options }: AlterSubscriptionStmt): boolean {
  switch (kind) {
    case 'ALTER_SUBSCRIPTION_REFRESH':
      return true
    case 'ALTER_SUBSCRIPTION_SET_PUBLICATION':
    case 'ALTER_SUBSCRIPTION_ADD_PUBLICATION':
    case 'ALTER_SUBSCRIPTION_DROP_PUBLICATION':
      return booleanOption(options, 'refresh') ?? true
    default:
      return false
  }
}

/** What an ALTER SUBSCRIPTION does to the slot on the publisher cannot be rolled back: failover, and two_phase off. */
function changesSlot({ kind, options }: AlterSubscriptionStmt): boolean {
  if (kind !== 'ALTER_SUBSCRIPTION_OPTIONS') return false
  return hasOption(options, 'failover') || booleanOption(options, 'two_phase') === false
}

function controlOfKind({ kind }: TransactionStmt): TransactionControl {
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return 'begin'
    case 'TRANS_STMT_COMMIT':
      return 'commit'
    case 'TRANS_STMT_ROLLBACK':
      return 'rollback'
    default:
      return 'other'
  }
}
