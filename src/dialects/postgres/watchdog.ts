/**
 * Tells a long statement from a dead connection. While a query waits for its answer, a second connection asks the
 * server whether our backend is still at work; a firewall that swallows packets, or a proxy that keeps the socket open
 * with nothing behind it, would otherwise be waited for without end.
 */
import type { PostgresUrl } from '../../config/url.ts'
import { explain } from './errors.ts'
import { type Link, openLink } from './link.ts'

type Verdict = 'working' | 'not-working' | 'unreachable' | 'unknown'

const strikesUntilLost = 2
const probeTimeoutMs = 5000

/** Returns the function that stops watching. */
export function watchLink(
  link: Link,
  url: PostgresUrl,
  options: { everyMs: number; applicationName: string },
): () => void {
  if (options.everyMs <= 0) return () => {}
  let strikes = 0
  let busy = false
  const timer = setInterval(async () => {
    if (busy || link.lost || link.waitingMs < options.everyMs) return
    busy = true
    const verdict = await probe(link, url, options.applicationName)
    busy = false
    if (link.waitingMs < options.everyMs || verdict === 'working') strikes = 0
    else if (verdict !== 'unknown') strikes += 1
    if (strikes >= strikesUntilLost) {
      link.destroy(
        verdict === 'unreachable'
          ? 'the server cannot be reached any more'
          : 'the server no longer works for this session',
      )
    }
  }, options.everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

async function probe(link: Link, url: PostgresUrl, applicationName: string): Promise<Verdict> {
  try {
    const { link: second, greeting } = await openLink(url, {
      applicationName: `${applicationName} probe`,
      timeoutMs: probeTimeoutMs,
      greeting: `begin transaction read only;
select state = 'active' as working from pg_catalog.pg_stat_activity where pid = ${link.backend.pid};
commit`,
    })
    await second.close()
    const [row] = greeting[0]?.rows ?? []
    if (row === undefined) return 'not-working'
    // state is null where the role may not see it.
    return row.working === null ? 'unknown' : row.working === true ? 'working' : 'not-working'
  } catch (error) {
    // A server that refuses us for want of connections is alive.
    return explain(error).sqlstate === undefined ? 'unreachable' : 'unknown'
  }
}
