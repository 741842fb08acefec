/** How far a run has come, so that a failure can still tell what was done. */

import type { TenantsOutcome } from '../events.ts'

/** Names, filled in as the run goes. */
export interface Progress {
  applied: string[]
  skipped: string[]
  /** By `down`. */
  reverted?: string[]
  pending: string[]
  ahead: string[]
  /** Of a run over many. */
  tenants?: TenantsOutcome
}

export function emptyProgress(): Progress {
  return { applied: [], skipped: [], pending: [], ahead: [] }
}

export function markDone(progress: Progress, step: { readonly name: string; readonly action: string }): void {
  // What is done was the next to be done, so it is the first: V8 takes it off without moving the others.
  if (progress.pending[0] === step.name) progress.pending.shift()
  else progress.pending = progress.pending.filter((name) => name !== step.name)
  if (step.action === 'revert') {
    progress.reverted = [...(progress.reverted ?? []), step.name]
    return
  }
  const list = step.action === 'skip' ? progress.skipped : progress.applied
  list.push(step.name)
}
