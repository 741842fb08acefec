/** VALIDATE CONSTRAINT: reads every row, and lets the app read and write meanwhile. */
import { quotePostgresId } from '../../sql/quote.ts'
import type { Say, StepwiseAttempt } from '../dialect.ts'
import { readOnly } from './facts.ts'
import { type FoundTable, findTable } from './find-table.ts'
import { literal } from './naming.ts'
import { commitOwn, withOwnTransaction } from './own-transaction.ts'
import type { Workplace } from './workplace.ts'

export interface Validation {
  readonly table: string
  readonly constraint: string
  readonly say: Say
}

export interface FoundConstraint {
  readonly isValid: boolean
  readonly definition: string
}

/** Throws where there is no such constraint. One that is valid already is left alone. */
export async function validateConstraint(
  place: Workplace,
  attempt: StepwiseAttempt,
  { table: text, constraint, say }: Validation,
): Promise<void> {
  const table = await findTable(place.link, text)
  const found = await findConstraint(place, table, constraint)
  if (found === undefined) throw new Error(`the table ${table.shown} has no constraint ${constraint}`)
  if (!found.isValid) await validate(place, attempt, { table, constraint, say })
}

export async function findConstraint(
  { link }: Workplace,
  table: FoundTable,
  constraint: string,
): Promise<FoundConstraint | undefined> {
  const [row] = await readOnly(
    link,
    `select convalidated as valid, pg_catalog.pg_get_constraintdef(oid) as definition
from pg_catalog.pg_constraint
where conrelid = ${literal(table.oid)}::pg_catalog.oid and conname = ${literal(constraint)}`,
  )
  return row === undefined ? undefined : { isValid: row.valid === true, definition: String(row.definition) }
}

export async function validate(
  place: Workplace,
  attempt: StepwiseAttempt,
  { table, constraint, say }: Omit<Validation, 'table'> & { readonly table: FoundTable },
): Promise<void> {
  await alterTable(place, attempt, {
    texts: [`alter table ${table.sql} validate constraint ${quotePostgresId(constraint)}`],
    say,
  })
}

/** All in one transaction, each as a statement of its own. */
export async function alterTable(
  place: Workplace,
  attempt: StepwiseAttempt,
  { texts, say }: { readonly texts: readonly string[]; readonly say: Say },
): Promise<void> {
  await withOwnTransaction(place, attempt, async () => {
    for (const text of texts) {
      say(text)
      await place.link.simple(text)
    }
    await commitOwn(place, '')
  })
}
