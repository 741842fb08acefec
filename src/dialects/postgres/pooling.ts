/** What stands between here and the server, for whoever is about to write: a session of our own, or one for a transaction only. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { ConnectOptions } from '../dialect.ts'
import type { Endpoint } from './endpoint.ts'
import type { ServerFacts } from './facts.ts'
import type { Link } from './link.ts'

export interface Pooling {
  /** `session`: through a pooler that gives each session a server connection of its own. */
  readonly scope: 'direct' | 'session' | 'transaction'
  /** False: `transaction` is an assumption, to be safe. */
  readonly isProven: boolean
}

export interface PoolingParts {
  readonly link: Link
  readonly url: PostgresUrl
  readonly endpoint: Endpoint
  readonly facts: ServerFacts
  readonly options: ConnectOptions
}

/**
 * Whether the server connection may be somebody else's after each transaction. Asks nobody: what works in turns works
 * through every pooler, so only what does not is worth finding out more.
 */
export function mayShare({ link, url, facts, options: { pooler = 'auto' } }: PoolingParts): boolean {
  if (pooler !== 'auto') return pooler === 'transaction'
  return url.pooled || link.backend.pid !== facts.pid
}

/**
 * A pooler gives away itself: the process that the greeting names is not the one that answers. Throws pooler-in-the-way
 * where SLIPWAY_POOLER says `session` and the opposite is seen.
 */
export async function findPooling({ link, url, endpoint, facts, options }: PoolingParts): Promise<Pooling> {
  const stated = options.pooler ?? 'auto'
  if (stated === 'transaction' || (stated === 'auto' && url.pooled))
    return { scope: 'transaction', isProven: true }
  if (link.backend.pid === facts.pid) return { scope: 'direct', isProven: true }
  const { findPoolMode } = await import('./pool-mode.ts')
  const { mode, isProven } = await findPoolMode({
    link,
    endpoint,
    pid: facts.pid,
    applicationName: options.applicationName,
    effort: stated === 'auto' ? 'thorough' : 'suspicious',
  })
  if (stated === 'auto') return { scope: mode, isProven }
  if (mode === 'transaction' && isProven) throw contradiction(url)
  return { scope: 'session', isProven: true }
}

function contradiction(url: PostgresUrl): SlipwayError {
  return new SlipwayError(
    'pooler-in-the-way',
    `SLIPWAY_POOLER is session, but the pooler at ${url.shown} gave the server connection of our session to another one`,
    { hint: 'point SLIPWAY_DATABASE_URL at the server itself, or unset SLIPWAY_POOLER' },
  )
}

/** For migrations, or any other work, that one transaction cannot hold. */
export function needsSession(
  url: PostgresUrl,
  { isProven }: Pooling,
  migrations: readonly string[],
): SlipwayError {
  const who = migrations.length === 0 ? 'this work' : migrations.join(', ')
  const need = migrations.length > 1 ? 'need' : 'needs'
  return new SlipwayError(
    'pooler-in-the-way',
    isProven
      ? `${who} ${need} a whole session, and the pooler at ${url.shown} gives a server connection to a transaction only`
      : `${who} ${need} a whole session, and nothing shows that the pooler at ${url.shown} gives a server connection to more than a transaction`,
    isProven
      ? {}
      : {
          hint: 'point SLIPWAY_DATABASE_URL at the server itself; if the pooler is in session mode, SLIPWAY_POOLER=session says so',
        },
  )
}

/** A session's lock and settings are on one backend; another one that answers has neither. */
export function movedAway(expected: number, found: unknown): SlipwayError {
  return new SlipwayError(
    'pooler-in-the-way',
    `a pooler moved this session from backend ${expected} to ${String(found)}, away from its run lock`,
  )
}
