/** Rows whose foreign key points nowhere, before a migration and after it. */
import { SlipwayError } from '../../errors.ts'
import type { Row } from '../dialect.ts'
import { type Handle, runStatement } from './driver.ts'

/** One violating row. `rowid` is null in a WITHOUT ROWID table; https://www.sqlite.org/pragma.html#pragma_foreign_key_check */
export interface Violation {
  readonly table: string
  readonly rowid: number | bigint | null
  readonly parent: string
}

/**
 * All violations in the main database. Table by table, because the check of the whole database fails at the first
 * foreign key whose parent columns are not unique ("foreign key mismatch"); such a key cannot be checked at all.
 */
export function listViolations(handle: Handle): Violation[] {
  return runStatement(
    handle,
    `select distinct child.name
     from main.sqlite_schema as child, pragma_foreign_key_list(child.name, 'main')
     where child.type = 'table'`,
  ).flatMap((row) => checkTable(handle, String(row.name)))
}

/** Those of `after` that `before` does not have. A row may violate several keys to one parent, so each counts once. */
export function newViolations(before: readonly Violation[], after: readonly Violation[]): Violation[] {
  const known = new Map<string, number>()
  for (const violation of before) known.set(keyOf(violation), (known.get(keyOf(violation)) ?? 0) + 1)
  return after.filter((violation) => {
    const left = known.get(keyOf(violation)) ?? 0
    known.set(keyOf(violation), left - 1)
    return left <= 0
  })
}

/** Throws foreign-keys, listing table, rowid and parent, when there are more violations now than in `before`. */
export function refuseNewViolations(handle: Handle, before: readonly Violation[]): void {
  const found = newViolations(before, listViolations(handle))
  if (found.length === 0) return
  const shown = found.slice(0, 10).map(describe)
  if (found.length > shown.length) shown.push(`and ${found.length - shown.length} more`)
  throw new SlipwayError('foreign-keys', `rows refer to rows that are not there: ${shown.join('; ')}`, {
    hint: 'correct the migration; one that drops a table runs without cascades, so deletes that need them go into another',
  })
}

function describe({ table, rowid, parent }: Violation): string {
  return rowid === null ? `${table} → ${parent}` : `${table} rowid ${rowid} → ${parent}`
}

function checkTable(handle: Handle, table: string): Violation[] {
  try {
    return runStatement(handle, "select * from pragma_foreign_key_check(?, 'main')", [table]).map(toViolation)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('foreign key mismatch')) return []
    throw error
  }
}

function toViolation(row: Row): Violation {
  const rowid = row.rowid
  return {
    table: String(row.table),
    rowid: typeof rowid === 'number' || typeof rowid === 'bigint' ? rowid : null,
    parent: String(row.parent),
  }
}

function keyOf({ table, rowid, parent }: Violation): string {
  return JSON.stringify([table.toLowerCase(), String(rowid), parent.toLowerCase()])
}
