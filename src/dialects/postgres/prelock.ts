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
  const values = locks
    .map((lock, index) => `(${index}, ${literal(lock.table)}, ${literal(lock.mode)}, ${lock.only === true})`)
    .join(', ')
  // to_regclass raises for a schema this role may not use; the migration may be about to change its role.
  const body = `declare
  wanted record;
  target text;
begin
  for wanted in
    select w.name, w.mode, w.alone from (values ${values}) as w (place, name, mode, alone) order by w.place
  loop
    begin
      select case when wanted.alone then 'only ' else '' end || c.oid::pg_catalog.regclass into target
      from pg_catalog.pg_class c
      where c.oid = pg_catalog.to_regclass(wanted.name) and c.relkind in ('r', 'p')
        and pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE');
      if found then
        execute pg_catalog.format('lock table %s in %s mode', target, wanted.mode);
      end if;
    exception when insufficient_privilege then null;
    end;
  end loop;
end`
  return `set local statement_timeout = ${budgetMs + 25};\ndo ${literal(body)}`
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
