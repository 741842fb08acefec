/** NOT NULL, which SQLite adds to a column in place since 3.53; https://www.sqlite.org/lang_altertable.html */
import { quoteSqliteId } from '../../sql/quote.ts'
import type { Say } from '../dialect.ts'
import { runStatement } from './driver.ts'
import { requireTable } from './own-table.ts'
import type { BusyOptions } from './poll.ts'
import { sendStatement } from './send.ts'
import type { StepwiseRun } from './stepwise-run.ts'
import { withWriteTransaction } from './write-transaction.ts'

interface Request {
  readonly table: string
  readonly column: string
  readonly say: Say
}

export async function setNotNull(
  run: StepwiseRun,
  busy: BusyOptions,
  { table: name, column, say }: Request,
): Promise<void> {
  const { handle } = run
  const { table } = await requireTable(run, name)
  const [found] = runStatement(
    handle,
    'select name, "notnull" as is_set from pragma_table_xinfo(?, ?) where name = ? collate nocase',
    [table.name, table.schema, column],
  )
  if (found === undefined) throw new Error(`the table ${table.name} has no column ${column}`)
  if (found.is_set === 1) return
  const id = quoteSqliteId(String(found.name))
  const sql = `${quoteSqliteId(table.schema)}.${quoteSqliteId(table.name)}`
  await withWriteTransaction(handle, busy, () => {
    const [nulls] = runStatement(handle, `select count(*) as n from ${sql} where ${id} is null`)
    if (nulls?.n !== 0)
      throw new Error(
        `${nulls?.n} rows of ${table.name} hold null in ${column}; give them a value first, with a backfill`,
      )
    const text = `alter table ${sql} alter column ${id} set not null`
    say(text)
    sendStatement(handle, { text, sentAt: 0 })
  })
}
