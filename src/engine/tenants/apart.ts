/** Keeps the errors of one tenant from stopping the others. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { SlipwayError } from '../../errors.ts'
import type { Run } from '../run.ts'
import { findStrayOwnersBy, type StrayOwner } from '../stray.ts'

const owners = new AsyncLocalStorage<StrayOwner>()

/**
 * `work` gets a signal that also stops it for what its own migrations throw where nothing awaits it. What comes of them
 * when it is over is told, and stops nothing.
 */
export async function keepApart<T>(
  run: Run,
  tenant: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  findStrayOwnersBy(() => owners.getStore())
  const stop = new AbortController()
  let isOver = false
  const own = (error: SlipwayError) => {
    if (!isOver) stop.abort(error)
    else run.emit({ type: 'warning', tenant, code: 'stray-error', message: error.message })
  }
  try {
    return await owners.run(own, () => work(AbortSignal.any([run.signal, stop.signal])))
  } finally {
    isOver = true
  }
}
