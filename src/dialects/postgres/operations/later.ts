/** Loads the operations with the first one that is called: most migrations call none. */
import type { Executor } from '../../dialect.ts'
import type { OpenOperations } from '../../operations.ts'

export function openLater(executor: Executor): OpenOperations {
  return async (overhear) => (await import('./open.ts')).openOperations(overhear?.(executor) ?? executor)
}
