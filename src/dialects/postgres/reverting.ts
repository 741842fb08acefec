/** See Reverting in ../reverting.ts. */
import { findPostgresLosses } from '../../sql/postgres-losses.ts'
import type { Executor } from '../dialect.ts'
import type { InventoryTable, Reverting } from '../reverting.ts'
import { postgresBackups } from './backup.ts'
import { copyInto } from './copy.ts'

export const postgresReverting: Reverting = {
  backups: postgresBackups,
  copyInto,
  findLosses: (statements) => findPostgresLosses(statements.map(({ text }) => text)),
  takeInventory,
}

/** A table that takes no room holds nothing; one that takes some may have held rows that are deleted by now. */
async function takeInventory(executor: Executor): Promise<InventoryTable[]> {
  const rows = await executor.query(
    `select c.oid::text as id, n.nspname || '.' || c.relname as name,
  pg_catalog.pg_relation_size(c.oid) > 0 as holds,
  coalesce((select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', a.attnum::text, 'name', a.attname))
            from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^(pg_|information_schema$)'`,
    [],
  )
  return rows.map(({ id, name, holds, columns }) => ({
    id: String(id),
    name: String(name),
    holds: holds === true,
    columns: (typeof columns === 'string' ? JSON.parse(columns) : columns) as InventoryTable['columns'],
  }))
}
