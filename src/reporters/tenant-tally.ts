/** How far a run over many tenants has come, for the live line. */
import type { RunEvent } from '../events.ts'
import { formatElapsed } from '../text/format-time.ts'
import type { Activity } from './progress.ts'

export interface TenantTally {
  listen(event: RunEvent): void
  /** The activity that an event begins, if it begins one. */
  activityOf(event: RunEvent): Activity | undefined
}

export function createTenantTally(): TenantTally {
  let total = 0
  let done = 0
  let failed = 0
  const describe = () => `${done} of ${total} tenants${failed === 0 ? '' : `, ${failed} failed`}`
  return {
    listen(event) {
      if (event.type === 'tenants-found') total = event.tenants
      if (event.tenant === undefined || event.type !== 'run-finished') return
      done += 1
      if (event.outcome.exitCode !== 0) failed += 1
    },
    activityOf: (event) =>
      event.type === 'tenants-found'
        ? {
            describe: (ms) => `▸ ${describe()}  ${formatElapsed(ms)}`,
            beat: (ms) => `… ${describe()} after ${formatElapsed(ms)}`,
          }
        : undefined,
  }
}
