/** See Reverting in ../reverting.ts. */
import { createPostgresNames, findPostgresLosses } from '../../sql/postgres-losses.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Executor } from '../dialect.ts'
import type { Content, InventoryTable, Reverting } from '../reverting.ts'
import { postgresBackups } from './backup.ts'
import { copyInto } from './copy.ts'

export const postgresReverting: Reverting = {
  backups: postgresBackups,
  copyInto,
  createNames: createPostgresNames,
  findLosses: (statements, names) =>
    findPostgresLosses(
      statements.map(({ text }) => text),
      names,
    ),
  takeInventory,
  async findTable(executor, _, name) {
    const [row] = await executor.query('select pg_catalog.to_regclass($1)::oid::text as id', [name])
    return typeof row?.id === 'string' ? row.id : undefined
  },
  look,
}

/**
 * An oid is never another table's, nor an attnum another column's. A table that takes no room holds nothing. What this
 * transaction deleted is counted whatever did it: a function, a cascade, a merge.
 */
async function takeInventory(executor: Executor): Promise<InventoryTable[]> {
  const rows = await executor.query(
    `select c.oid::text as id, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name,
  pg_catalog.pg_relation_size(c.oid) > 0 as room,
  pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)::float8 as deleted,
  coalesce((select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', a.attnum::text, 'name', a.attname))
            from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^(pg_|information_schema$)'`,
    [],
  )
  return rows.map(({ id, name, room, deleted, columns }) => ({
    id: String(id),
    name: String(name),
    takesRoom: room === true,
    deleted: Number(deleted),
    columns: (typeof columns === 'string' ? JSON.parse(columns) : columns) as InventoryTable['columns'],
  }))
}

const mostCounted = 100_000

/** Only its owner, or who is as much, may drop it, and so may lock it. Policies would hide rows: with them off, they are an error. */
async function look(
  executor: Executor,
  { name }: InventoryTable,
  column: string | undefined,
): Promise<Content> {
  await executor.query(`lock table only ${name} in access exclusive mode`, [])
  const [was] = await executor.query(
    `select pg_catalog.current_setting('row_security') as setting, pg_catalog.set_config('row_security', 'off', true)`,
    [],
  )
  const where = column === undefined ? '' : ` where ${quotePostgresId(column)} is not null`
  const [row] = await executor.query(
    `select pg_catalog.count(*)::float8 as rows from (select from only ${name}${where} limit ${mostCounted + 1}) as held`,
    [],
  )
  await executor.query(`select pg_catalog.set_config('row_security', $1, true)`, [String(was?.setting)])
  const rows = Number(row?.rows)
  return rows > mostCounted ? { rows: mostCounted, isMore: true } : { rows }
}
