/**
 * What keeps a migration from losing rows of child tables.
 *
 * With enforcement on, `drop table parent` first runs `delete from parent`, and that fires `on delete cascade` and
 * `on delete set null` in every child: rebuilding a parent (create the new one, copy, drop, rename) empties its
 * children, and neither `defer_foreign_keys` nor the commit says a word. SQLite's answer is to turn enforcement off
 * for such work and to check afterwards (https://www.sqlite.org/lang_altertable.html#otheralter), but the pragma is a
 * silent no-op inside a transaction (https://www.sqlite.org/pragma.html#pragma_foreign_keys). Enforcement is therefore
 * decided by the runner before BEGIN: off only for a body that drops tables, because without it a cascade that a
 * migration does want would not happen either.
 */
import { SlipwayError } from '../../errors.ts'
import { quoteSqliteId } from '../../sql/quote.ts'
import { dropsTable } from '../../sql/sqlite.ts'
import type { ParsedStatement } from '../../sql/statement.ts'
import { type Handle, runStatement } from './driver.ts'

/** https://www.sqlite.org/pragma.html#pragma_foreign_keys */
export type Enforcement = 'on' | 'off'

export function setEnforcement(handle: Handle, enforcement: Enforcement): void {
  runStatement(handle, `pragma foreign_keys = ${enforcement}`)
}

export function readEnforcement(handle: Handle): Enforcement {
  return runStatement(handle, 'pragma foreign_keys')[0]?.foreign_keys === 1 ? 'on' : 'off'
}

export function dropsAnyTable(statements: readonly ParsedStatement[]): boolean {
  return statements.some((statement) => dropsTable(statement) !== undefined)
}

/** A `drop table` of a table that others refer to. */
export interface ParentDrop {
  readonly table: string
  readonly children: readonly string[]
}

/** Undefined for any other statement, and for a table that only refers to itself. */
export function findParentDrop(handle: Handle, text: string): ParentDrop | undefined {
  const table = dropsTable({ text })
  if (table === undefined) return undefined
  const children = runStatement(
    handle,
    `select distinct child.name
     from main.sqlite_schema as child, pragma_foreign_key_list(child.name, 'main') as reference
     where child.type = 'table'
       and reference."table" = ? collate nocase
       and child.name <> ? collate nocase`,
    [table, table],
  ).map((row) => String(row.name))
  return children.length === 0 ? undefined : { table, children }
}

/** Counts the children's rows now; the function it returns tells whether their number has changed since. */
export function countChildren(
  handle: Handle,
  { table, children }: ParentDrop,
): () => SlipwayError | undefined {
  const before = children.map((child) => countRows(handle, child))
  return () => {
    const changes = children
      .map((child, index) => ({ child, from: before[index], to: countRows(handle, child) }))
      .filter(({ from, to }) => from !== to)
      .map(({ child, from, to }) => `${child} had ${from} rows and now has ${to}`)
    if (changes.length === 0) return undefined
    return new SlipwayError(
      'foreign-keys',
      `dropping ${table} changed its child tables: ${changes.join('; ')}`,
    )
  }
}

function countRows(handle: Handle, table: string): unknown {
  return runStatement(handle, `select count(*) as rows from main.${quoteSqliteId(table)}`)[0]?.rows
}

/** For work that cannot be undone and redone without enforcement. */
export function refuseCascadingDrop({ table, children }: ParentDrop): never {
  throw new SlipwayError(
    'foreign-keys',
    `dropping ${table} now would delete or detach the rows of ${children.join(', ')} that refer to it`,
    {
      hint: 'leave out transaction: false, or send pragma foreign_keys = off first and put the rebuild between begin and commit',
    },
  )
}
