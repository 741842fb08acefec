/**
 * Tells a long statement from a dead connection. While a query waits for its answer, a second connection asks the
 * server whether our backend is still at work; a firewall that swallows packets, or a proxy that keeps the socket open
 * with nothing behind it, would otherwise be waited for without end.
 */
import type { Endpoint } from './endpoint.ts'
import { explain } from './errors.ts'
import type { Link } from './link.ts'
import { tryLink } from './open-link.ts'

interface Verdict {
  readonly kind: 'working' | 'not-working' | 'unreachable' | 'unknown'
  /** When our backend came to rest; it does so between any two of many statements as well. */
  readonly since?: string
}

const strikesUntilLost = 2
const probeTimeoutMs = 5000

export interface Watching {
  readonly everyMs: number
  readonly applicationName: string
  /** False behind a pooler, which may let the second connection wait. */
  readonly isDirect: boolean
  /** The backend that works for this link; behind a pooler it is known only within a turn, or with a session of our own. */
  readonly backend: () => number | undefined
}

/** Returns the function that stops watching. */
export function watchLink(link: Link, endpoint: Endpoint, options: Watching): () => void {
  if (options.everyMs <= 0) return () => {}
  let strikes = 0
  let busy = false
  let idleSince: string | undefined
  const timer = setInterval(async () => {
    if (busy || link.lost || link.waitingMs < options.everyMs) return
    busy = true
    const { kind, since } = await probe(link, endpoint, options)
    busy = false
    const answered = link.waitingMs < options.everyMs
    if (answered || kind === 'working' || since !== idleSince) strikes = 0
    if (!answered && (kind === 'not-working' || kind === 'unreachable')) strikes += 1
    idleSince = since
    if (strikes >= strikesUntilLost) {
      link.destroy(
        kind === 'unreachable'
          ? 'the server cannot be reached any more'
          : 'the server no longer works for this session',
      )
    }
  }, options.everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

async function probe(link: Link, endpoint: Endpoint, watching: Watching): Promise<Verdict> {
  const pid = watching.backend()
  const outcome = await tryLink(endpoint, {
    applicationName: `${watching.applicationName} probe`,
    timeoutMs: probeTimeoutMs,
    greeting: `begin transaction read only;
select nullif(state, 'disabled') = 'active' as working, state_change::text as since from pg_catalog.pg_stat_activity where pid = ${pid ?? 0};
commit`,
  })
  if ('error' in outcome) {
    // A server that refuses us for want of connections is alive, and so is a pooler that has none for us.
    const isAlive = explain(outcome.error).sqlstate !== undefined || (!watching.isDirect && outcome.entered)
    return { kind: isAlive ? 'unknown' : 'unreachable' }
  }
  await outcome.link.close()
  if (pid === undefined) return { kind: 'unknown' }
  const [row] = outcome.greeting[0]?.rows ?? []
  if (row === undefined) return { kind: 'not-working' }
  // Null where the role may not see the state, and where track_activities is off.
  if (row.working === null) return { kind: 'unknown' }
  if (row.working === true) return { kind: 'working' }
  // A long text over a slow line: the server waits for the rest of it.
  return link.sending ? { kind: 'unknown' } : { kind: 'not-working', since: String(row.since) }
}
