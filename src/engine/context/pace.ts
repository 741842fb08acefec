/** How large the next batch is, and how fast it goes. Pure. */

export interface BatchBounds {
  readonly first: number
  readonly min: number
  readonly max: number
}

/** Within this share of the target nothing changes: for 300 ms, from 200 to 500. */
const band = { low: 2 / 3, high: 5 / 3 } as const

/** A little larger after a quick batch, a little smaller after a slow one. */
export function nextSize(size: number, tookMs: number, { targetMs, bounds }: Pacing): number {
  if (tookMs < targetMs * band.low) return Math.min(bounds.max, Math.ceil(size * 1.2))
  if (tookMs > targetMs * band.high) return Math.max(bounds.min, Math.floor(size * 0.8))
  return size
}

export interface Pacing {
  readonly targetMs: number
  readonly bounds: BatchBounds
}

export interface Speed {
  /** Units done since the beginning of this run, pauses included in the time: each second. */
  readonly rate: number | undefined
  readonly etaMs: number | undefined
}

/** Newer batches count more than older ones. */
const weight = 0.2

/** Told how much is done at which time, it knows the rate and what is left of the time. */
export function createSpeedometer(done: number, atMs: number) {
  let last = { done, atMs }
  let rate: number | undefined
  return (now: {
    readonly done: number
    readonly atMs: number
    readonly total: number | undefined
  }): Speed => {
    const elapsed = now.atMs - last.atMs
    if (elapsed > 0) {
      const latest = ((now.done - last.done) * 1000) / elapsed
      rate = rate === undefined ? latest : rate + weight * (latest - rate)
      last = now
    }
    const left = now.total === undefined ? undefined : Math.max(0, now.total - now.done)
    if (left === undefined || rate === undefined || rate <= 0) return { rate, etaMs: undefined }
    return { rate, etaMs: (left / rate) * 1000 }
  }
}
