/**
 * How the server itself would write down what is wanted: it is made as a temporary object, read, and undone. So types,
 * expressions and queries compare as the server understands them, not as they are spelled.
 */
import type { Executor, Row } from '../../dialect.ts'
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

/**
 * Rows of what `ask` asks about what `make` makes. One message, with a savepoint around it: while the temporary one is
 * there it hides the table of the same name, so nothing may come in between, and nothing of it may stay. An error of
 * the server is the error of what is wanted, and the operation's own savepoint undoes it.
 */
export async function askScratch(
  executor: Executor,
  like: { readonly schema: string; readonly name: string },
  make: (scratch: Scratch) => readonly string[],
  ask: (scratch: Scratch) => string,
): Promise<Row[]> {
  const scratch = await openScratch(executor, like)
  const look = [
    'savepoint slipway_look',
    ...make(scratch),
    ask(scratch),
    'rollback to savepoint slipway_look',
    'release savepoint slipway_look',
  ]
  return await executor.query(look.join(';\n'), [])
}
