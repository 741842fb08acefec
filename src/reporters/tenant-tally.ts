/** How far a run over many tenants has come, for the live line. */
import type { RunEvent } from '../events.ts'
import { formatElapsed } from '../text/format-time.ts'
import { oneLine } from '../text/visible-text.ts'
import { listNames } from './count-of.ts'
import type { Activity } from './progress.ts'

export interface TenantTally {
  listen(event: RunEvent): void
  /** The activity that an event begins, if it begins one. */
  activityOf(event: RunEvent): Activity | undefined
}

/** Of those that are worked on. */
const mostNamed = 4

export function createTenantTally(clean: (text: string) => string): TenantTally {
  let total = 0
  let done = 0
  let failed = 0
  const running = new Set<string>()
  const describe = () => `${done} of ${total} tenants${failed === 0 ? '' : `, ${failed} failed`}`
  const describeRunning = () => {
    const names = [...running].map((name) => oneLine(clean(name), 60))
    return names.length === 0 ? '' : `: ${listNames(names, mostNamed)}`
  }
  return {
    listen(event) {
      if (event.type === 'tenants-found') total = event.tenants
      if (event.tenant === undefined) return
      if (event.type === 'run-started') running.add(event.tenant)
      if (event.type === 'run-finished' || isPutOff(event)) running.delete(event.tenant)
      if (event.type !== 'run-finished') return
      done += 1
      if (event.outcome.exitCode !== 0) failed += 1
    },
    activityOf: (event) =>
      event.type === 'tenants-found'
        ? {
            describe: (ms) => `▸ ${describe()}  ${formatElapsed(ms)}${describeRunning()}`,
            beat: (ms) => `… ${describe()} after ${formatElapsed(ms)}${describeRunning()}`,
          }
        : undefined,
  }
}

/** It is come back to at the end. */
function isPutOff(event: RunEvent): boolean {
  return event.type === 'notice' && event.code === 'put-off'
}
