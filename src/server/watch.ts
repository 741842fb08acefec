/** Looks at the database while somebody asks, and never more often than agreed. */

export interface WatchOptions<Found> {
  readonly look: () => Promise<Found>
  /** Milliseconds between two looks. */
  readonly everyMs: () => number
  /** Now would be a bad time. */
  readonly isHeldUp: () => boolean
  /** After each look. */
  readonly onLook: () => void
}

export interface Watch<Found> {
  /** The last look that succeeded. */
  readonly found: Found | undefined
  /** Why the last one did not. */
  readonly problem: unknown
  /** Looks again if it is time, and resolves when that is done or `withinMs` is over. Never rejects. */
  freshen(withinMs: number): Promise<void>
  /** The next `freshen` looks, however early it is. */
  expire(): void
}

export function createWatch<Found>(options: WatchOptions<Found>): Watch<Found> {
  let found: Found | undefined
  let problem: unknown
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  const look = async () => {
    lookedAt = performance.now()
    try {
      found = await options.look()
      problem = undefined
    } catch (error) {
      problem = error
    }
    looking = undefined
    options.onLook()
  }
  return {
    get found() {
      return found
    },
    get problem() {
      return problem
    },
    async freshen(withinMs) {
      const isDue = performance.now() - lookedAt >= options.everyMs()
      if (looking === undefined && isDue && !options.isHeldUp()) looking = look()
      if (looking === undefined || withinMs === 0) return
      const late = Promise.withResolvers<void>()
      const timer = setTimeout(late.resolve, withinMs)
      await Promise.race([looking, late.promise])
      clearTimeout(timer)
    },
    expire() {
      lookedAt = Number.NEGATIVE_INFINITY
    },
  }
}
