/** What a rehearsal looks at after each statement. */

export interface HeldLock {
  /** `public.users` */
  readonly table: string
  /** As the database names it: `AccessExclusiveLock`. */
  readonly mode: string
}

export interface LockProbe {
  /** The strongest lock that came since the last look; undefined where none did. */
  look(): Promise<HeldLock | undefined>
}
