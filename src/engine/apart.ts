/** Keeps errors that nothing awaits within one piece of work, where others go on beside it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { SlipwayError } from '../errors.ts'
import { findStrayOwnersBy, type StrayOwner } from './stray.ts'

const owners = new AsyncLocalStorage<StrayOwner>()

/**
 * `work` gets a signal that, besides `signal`, also stops it for what it throws where nothing awaits it. What comes when it
 * is over goes to `onLate`, and stops nothing.
 */
export async function keepApart<T>(
  signal: AbortSignal,
  onLate: (error: SlipwayError) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  findStrayOwnersBy(() => owners.getStore())
  const stop = new AbortController()
  let isOver = false
  const own = (error: SlipwayError) => {
    if (!isOver) stop.abort(error)
    else onLate(error)
  }
  try {
    return await owners.run(own, () => work(AbortSignal.any([signal, stop.signal])))
  } finally {
    isOver = true
  }
}
