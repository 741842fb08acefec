/** Takes every table lock a migration will need, in order, before it does anything. */
import { combineLocks } from '../../sql/combine-locks.ts'
import { parseName } from '../../sql/quote.ts'
import type { ParsedStatement, TableLock } from '../../sql/statement.ts'
import { literal } from './naming.ts'

/**
 * One statement, so that one statement_timeout bounds the whole wait: lock_timeout alone would allow each table its own
 * full wait while the tables already locked stall their readers. Tables that do not exist, that are no tables, or that
 * this role may not lock are left to the statements themselves.
 */
export function lockTables(locks: readonly TableLock[], budgetMs: number): string | undefined {
  if (locks.length === 0 || budgetMs === 0) return undefined
  const body = `declare t pg_catalog.regclass;\nbegin\n${locks.map(lockTable).join('\n')}\nend`
  return `set local statement_timeout = ${budgetMs + 25};\ndo ${literal(body)}`
}

/**
 * In plain expressions: a query of the catalogue would have to be planned for every migration, which takes twice as long
 * as all the rest. A view has neither a file nor a place among partitions, while `lock table` would take it and what
 * it reads; what else is no table `lock table` refuses. to_regclass raises for a schema this role may not use; the
 * migration may be about to change its role.
 */
function lockTable({ table, mode, only }: TableLock): string {
  return `  begin
    t := pg_catalog.to_regclass(${literal(table)});
    if (pg_catalog.pg_relation_filenode(t) is not null or pg_catalog.pg_partition_root(t) is not null)
      and pg_catalog.has_table_privilege(t, 'UPDATE, DELETE, TRUNCATE') then
      execute 'lock table ${only === true ? 'only ' : ''}' || t::text || ' in ${mode} mode';
    end if;
  exception when insufficient_privilege or wrong_object_type then null;
  end;`
}

/**
 * The locks of a migration as far as its names mean the same before it runs as within it: once a statement mentions
 * search_path, only names with a schema do.
 */
export function lockableAhead(statements: readonly ParsedStatement[]): readonly TableLock[] {
  const moved = statements.findIndex(({ text }) => /search_path/i.test(text))
  if (moved === -1) return combineLocks(statements)
  return combineLocks(
    statements.map((statement, index) =>
      index <= moved
        ? statement
        : {
            ...statement,
            locks: statement.locks.filter(({ table }) => parseName(table).schema !== undefined),
          },
    ),
  )
}
