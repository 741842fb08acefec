/** What went wrong, as far as a dialect can tell. */

export type FaultKind =
  /** 55P03 and the like, 40P01, 40001: the whole transaction may be tried again. */
  | 'retryable'
  | 'cancelled'
  | 'session-lost'
  /** Not there yet, starting, too many connections: worth waiting for. */
  | 'not-ready'
  | 'database-missing'
  | 'auth'
  | 'tls'
  | 'privilege'
  | 'read-only'
  | 'disk-full'
  | 'not-writable'
  | 'pooler'
  /** Anything a statement did wrong. */
  | 'statement'
  /** Not from the database at all. */
  | 'other'

export interface Fault {
  readonly kind: FaultKind
  readonly message: string
  readonly sqlstate?: string
  readonly detail?: string
  readonly hint?: string
  readonly context?: string
  /** 0-based UTF-16 offset into the statement that was sent. */
  readonly position?: number
}
