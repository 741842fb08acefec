/** Lock retries can come in hundreds; a person needs the first, every change of blocker, and a sign of life. */
import type { RunEvent } from '../events.ts'

type Retry = Extract<RunEvent, { type: 'step-retrying' }>

/** True for attempts 1, 2, 4, 8 … of a step and whenever the blockers or the SQLSTATE are not those of the attempt before. */
export function createRetryFilter(): (event: Retry) => boolean {
  let last = ''
  return (event) => {
    const pids = event.blockers.map((blocker) => blocker.pid ?? '?').sort()
    const situation = [event.name, event.sqlstate, ...pids].join(' ')
    const changed = situation !== last
    last = situation
    return changed || Number.isInteger(Math.log2(event.attempt))
  }
}
