/** The history's digest as part of the first query, so that a run with nothing to do sends no other. */
import type { HistoryDigest } from '../../plan/digest.ts'
import { historyColumns } from './history-columns.ts'
import { literal } from './naming.ts'

/** See digestMigrations; the columns of a table with that name may be anything, so this is text until they are known. */
const digest = `select pg_catalog.array_to_tsvector(array[pg_catalog.count(*)::text || ' ' ||
  pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
    coalesce(pg_catalog.string_agg(line, '' order by line collate "C"), ''), 'UTF8')), 'hex')])
from (select name || ' ' || checksum ||
  case when state in ('applied', 'skipped') then '' else ' ' || state end || pg_catalog.chr(10) as line
  from %I.%I) as history`

const columns = historyColumns.map(literal).join(', ')

/**
 * A scalar: `count hex`, or null where there is no table of ours, where this role may not read it, and where reading
 * would wait for a lock; 25 is the type text. `schema` is an expression. Dynamic SQL needs a function in a plain select: ts_stat is in every
 * PostgreSQL, runs the text read-only, and needs no libxml as query_to_xml does.
 */
export function digestExpression(table: string, schema: string): string {
  return `(select case
      when pg_catalog.has_schema_privilege(n.oid, 'usage')
        and pg_catalog.has_table_privilege(c.oid, 'select')
        and (select pg_catalog.count(*) from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and not a.attisdropped and a.attname in (${columns})
               and (a.attname not in ('name', 'checksum', 'state') or a.atttypid = 25)) = ${historyColumns.length}
        and not exists (select from pg_catalog.pg_locks l
                        where l.relation = c.oid and l.mode = 'AccessExclusiveLock')
      then (select word from pg_catalog.ts_stat(pg_catalog.format(${literal(digest)}, n.nspname, c.relname)))
    end
   from pg_catalog.pg_class c
   join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relname = ${literal(table)} and n.nspname = ${schema} and c.relkind in ('r', 'p'))`
}

export function readDigest(value: unknown): HistoryDigest | undefined {
  const [, count, digest] = /^(\d+) ([0-9a-f]{64})$/.exec(String(value)) ?? []
  return digest === undefined ? undefined : { count: Number(count), digest }
}
