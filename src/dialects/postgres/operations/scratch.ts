/**
 * How the server itself would write down what is wanted: it is made as a temporary object, read, and dropped. So types,
 * expressions and queries compare as the server understands them, not as they are spelled.
 */
import type { Executor } from '../../dialect.ts'
import { quoteId } from './text.ts'

export interface Scratch {
  /** `create temporary`, or `create`. */
  readonly create: string
  readonly name: string
  /** A text that casts to regclass. */
  readonly path: string
}

/** In the schema of what is compared where the role may not make temporary objects. */
async function openScratch(executor: Executor, like: { schema: string; name: string }): Promise<Scratch> {
  const [row] = await executor.query(
    "select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'temporary') as may",
    [],
  )
  // An expression may speak of the table by its name, so the temporary one has the same.
  const id = quoteId(row?.may === true ? like.name : '_slipway_wanted')
  if (row?.may === true) return { create: 'create temporary', name: id, path: `pg_temp.${id}` }
  const path = `${quoteId(like.schema)}.${id}`
  return { create: 'create', name: path, path }
}

/** `make` gives what to create, `read` asks about it. An error of the server is the error of what is wanted. */
export async function askScratch<T>(
  executor: Executor,
  like: { readonly schema: string; readonly name: string },
  kind: 'table' | 'view',
  make: (scratch: Scratch) => string,
  read: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const scratch = await openScratch(executor, like)
  await executor.query(make(scratch), [])
  const answer = await read(scratch)
  await executor.query(`drop ${kind} ${scratch.path}`, [])
  return answer
}
