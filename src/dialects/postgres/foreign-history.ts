/** Another tool's table under our name: how to go on beside it. */
import { isSlipwayError, SlipwayError } from '../../errors.ts'
import { hasVersionsOnly, hintForForeign } from '../../plan/adoption.ts'
import { readOnly, type ServerFacts } from './facts.ts'
import type { Link } from './link.ts'
import type { HistoryNames } from './naming.ts'

/** Adds to `foreign-history` the version up to which that tool went; other errors pass through. */
export async function adviseOnForeign(
  link: Link,
  facts: ServerFacts,
  names: HistoryNames,
  error: unknown,
): Promise<unknown> {
  if (!isSlipwayError(error) || error.code !== 'foreign-history') return error
  const table = facts.tables.find(({ schema, name }) => schema === names.schema && name === names.table)
  const newest = hasVersionsOnly(table?.columns ?? []) ? await readNewest(link, names) : undefined
  return new SlipwayError('foreign-history', error.message, { hint: hintForForeign(names.table, newest) })
}

/** As numbers, whatever their type. Best effort: that table is not ours, and need not be readable. */
async function readNewest(link: Link, names: HistoryNames): Promise<string | undefined> {
  try {
    const [row] = await readOnly(
      link,
      `select version::text as version from ${names.history} as t
where version::text ~ '^[0-9]+$' and not coalesce((pg_catalog.to_jsonb(t) ->> 'dirty')::boolean, false)
order by version::text::numeric desc
limit 1`,
    )
    return row === undefined ? undefined : String(row.version)
  } catch {
    return undefined
  }
}
