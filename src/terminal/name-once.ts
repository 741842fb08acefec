/** The id of a run. */
import { randomUUID } from 'node:crypto'

/** When it is first asked for: making it loads what a connection need not wait for. */
export function nameOnce(): () => string {
  let name: string | undefined
  return () => {
    // One is needed: the cache that Node fills otherwise takes longer.
    name ??= randomUUID({ disableEntropyCache: true })
    return name
  }
}
