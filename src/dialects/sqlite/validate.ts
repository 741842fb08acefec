/** SQLite has no constraint that is not valid; a foreign key may have been broken while enforcement was off. */
import { createChecks } from './checks.ts'
import { runStatement } from './driver.ts'
import { requireTable } from './own-table.ts'
import type { StepwiseRun } from './stepwise-run.ts'

export async function validateConstraint(run: StepwiseRun, name: string, constraint: string): Promise<void> {
  const { table, executor } = await requireTable(run, name)
  if (!(await createChecks(executor).constraintExists(name, constraint)))
    throw new Error(`the table ${table.name} has no constraint ${constraint}`)
  const [row] = runStatement(run.handle, 'select parent from pragma_foreign_key_check(?, ?) limit 1', [
    table.name,
    table.schema,
  ])
  if (row !== undefined)
    throw new Error(`rows of ${table.name} refer to rows of ${String(row.parent)} that are not there`)
}
