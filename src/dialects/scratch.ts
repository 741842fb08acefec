/** A database of our own to try things in. */
import type { DatabaseUrl } from '../config/url.ts'

export interface ScratchDatabase {
  readonly url: DatabaseUrl
  /** Also where somebody is connected to it. */
  drop(): Promise<void>
}
