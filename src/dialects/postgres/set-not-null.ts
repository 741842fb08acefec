/**
 * NOT NULL without a scan under ACCESS EXCLUSIVE: a CHECK that is NOT VALID at first, validated while the app goes on,
 * then SET NOT NULL, which trusts a valid CHECK; https://www.postgresql.org/docs/current/sql-altertable.html
 */
import { nameObject } from '../../sql/object-names.ts'
import { isSameDefinition } from '../../sql/postgres-definition.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Say, StepwiseAttempt } from '../dialect.ts'
import { sqlstateOf } from './errors.ts'
import { readOnly } from './facts.ts'
import { type FoundTable, findTable } from './find-table.ts'
import { literal } from './naming.ts'
import { alterTable, findConstraint, validate } from './validate.ts'
import type { Workplace } from './workplace.ts'

interface Request {
  readonly table: string
  readonly column: string
  readonly say: Say
}

/** Goes on wherever an interruption left it. */
export async function setNotNull(
  place: Workplace,
  attempt: StepwiseAttempt,
  { table: text, column, say }: Request,
): Promise<void> {
  const table = await findTable(place.link, text)
  const isSet = await isNotNull(place, table, column)
  const constraint = nameCheck(table, column)
  const id = quotePostgresId(constraint)
  const alter = (...actions: string[]) =>
    alterTable(place, attempt, { texts: actions.map((action) => `alter table ${table.sql} ${action}`), say })
  const check = await findCheck(place, table, { constraint, column })
  if (isSet) {
    if (check !== undefined) await alter(`drop constraint ${id}`)
    return
  }
  if (check === undefined) await alter(`add constraint ${id} ${definitionOf(column)} not valid`)
  if (check?.isValid !== true) {
    try {
      await validate(place, attempt, { table, constraint, say })
    } catch (error) {
      // Nothing may be left that refuses what the app writes.
      if (sqlstateOf(error) !== '23514') throw error
      await alter(`drop constraint ${id}`)
      throw await explainNulls(place, { table, column, error })
    }
  }
  // Two statements: within one, the constraint would be dropped before it is looked for.
  await alter(`alter column ${quotePostgresId(column)} set not null`, `drop constraint ${id}`)
}

/** After setNotNull failed or was stopped: nothing may be left that refuses what the app writes. Never throws. */
export async function undoNotNull(
  place: Workplace,
  attempt: StepwiseAttempt,
  { table: text, column, say }: Request,
): Promise<void> {
  if (place.link.lost) return
  // A stop asks the server to end whatever runs, several times a second; this is short.
  place.committing = true
  try {
    const table = await findTable(place.link, text)
    const constraint = nameCheck(table, column)
    if (await isNotNull(place, table, column)) return
    if ((await findCheck(place, table, { constraint, column })) === undefined) return
    const drop = `alter table ${table.sql} drop constraint ${quotePostgresId(constraint)}`
    await alterTable(place, attempt, { texts: [drop], say })
  } catch {
    attempt.onNotice(
      `what keeps null out of ${text}.${column} could not be taken back, the next run goes on from there`,
    )
  } finally {
    place.committing = false
  }
}

function nameCheck(table: FoundTable, column: string): string {
  return nameObject(table.name, [column, 'slipway', 'not', 'null'], 'check')
}

function definitionOf(column: string): string {
  return `check (${quotePostgresId(column)} is not null)`
}

async function isNotNull({ link }: Workplace, table: FoundTable, column: string): Promise<boolean> {
  const [row] = await readOnly(
    link,
    `select attnotnull as set from pg_catalog.pg_attribute
where attrelid = ${literal(table.oid)}::pg_catalog.oid and attname = ${literal(column)} and attnum > 0 and not attisdropped`,
  )
  if (row === undefined) throw new Error(`the table ${table.shown} has no column ${column}`)
  return row.set === true
}

async function findCheck(
  place: Workplace,
  table: FoundTable,
  { constraint, column }: { readonly constraint: string; readonly column: string },
) {
  const found = await findConstraint(place, table, constraint)
  if (found === undefined) return undefined
  const definition = found.definition.replace(/ not valid$/i, '')
  if (await isSameDefinition('constraint', definition, definitionOf(column))) return found
  throw new Error(
    `the constraint ${constraint} of ${table.shown} exists with another definition\n  found:  ${found.definition}\n  wanted: ${definitionOf(column)}`,
  )
}

async function explainNulls(
  { link }: Workplace,
  { table, column, error }: { readonly table: FoundTable; readonly column: string; readonly error: unknown },
): Promise<Error> {
  const [row] = await readOnly(
    link,
    `select pg_catalog.count(*) as n from ${table.sql} where ${quotePostgresId(column)} is null`,
  )
  return new Error(
    `${row?.n} rows of ${table.shown} hold null in ${column}; give them a value first, with a backfill`,
    { cause: error },
  )
}
