/** How far a run has come, so that a failure can still tell what was done. */

/** Names, filled in as the run goes. */
export interface Progress {
  applied: string[]
  skipped: string[]
  pending: string[]
  ahead: string[]
}

export function emptyProgress(): Progress {
  return { applied: [], skipped: [], pending: [], ahead: [] }
}
