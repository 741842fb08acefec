/** What every step of one run shares. */
import type { Config } from '../config/config.ts'
import type { DatabaseUrl } from '../config/url.ts'
import type { Dialect } from '../dialects/dialect.ts'
import type { Listener } from '../events.ts'
import type { Echo } from './echo.ts'
import type { SharedFolder } from './tenants/folder.ts'

export interface Run {
  readonly runId: string
  readonly verb: string
  readonly config: Config
  readonly url: DatabaseUrl
  readonly dialect: Dialect
  /** Of many. */
  readonly tenant?: string
  /** Told that another run has the lock, which is not waited for then: lock-timeout at once. Absent: it is. */
  readonly putOff?: (() => void) | undefined
  /** Where the server is not waited for: so long one try of a host may take all the same. */
  readonly tryMs?: number | undefined
  /** Read once for many. */
  readonly folder?: SharedFolder
  readonly emit: Listener
  /** Called while only the server is waited for, so that what takes time can be done then. */
  readonly whileWaiting?: (() => void) | undefined
  /** With SLIPWAY_ECHO. */
  readonly echo?: Echo | undefined
  /** In a scratch database, where nobody waits for it: no time is over before the work is done. */
  readonly isTrial?: boolean
  /** When it began, by performance.now(); without it, when the process did. */
  readonly began?: number
  /** Aborted with a SlipwayError as reason when the run has to stop. */
  readonly signal: AbortSignal
  readonly cwd: string
  /** Who runs: `namespace/pod@node` or `user@host`. */
  readonly appliedBy: string
  readonly runnerVersion: string
  readonly env: Readonly<Record<string, string | undefined>>
}
