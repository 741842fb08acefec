/**
 * A server that was waited for in vain is not waited for again with every further tenant: of thousands, each with a minute
 * of its own, a run would take a day to say that the server is gone.
 */
import { describeHost, type DatabaseUrl } from '../../config/url.ts'
import type { SlipwayError } from '../../errors.ts'

export interface Patience {
  /** 0: one try. */
  timeoutFor(url: DatabaseUrl): number
  onConnected(url: DatabaseUrl): void
  onFailed(url: DatabaseUrl, error: SlipwayError): void
}

export function createPatience(timeoutMs: number): Patience {
  const given = new Set<string>()
  return {
    timeoutFor: (url) => (placesOf(url).some((place) => given.has(place)) ? 0 : timeoutMs),
    onConnected(url) {
      for (const place of placesOf(url)) given.delete(place)
    },
    onFailed(url, error) {
      const [server, login] = placesOf(url)
      if (server === undefined || login === undefined) return
      if (isGone(error)) given.add(server)
      if (error.code === 'auth-failed' || error.code === 'database-missing') given.add(login)
    },
  }
}

/** The server, and what is logged in to. */
function placesOf(url: DatabaseUrl): string[] {
  if (url.dialect !== 'postgres') return []
  const server = url.hosts.map(describeHost).join()
  return [server, `${url.user}@${server}/${url.database}`]
}

/** One that has no room for us (53300) works on others of ours, perhaps: that is worth waiting for each time. */
function isGone({ code, facts }: SlipwayError): boolean {
  return code === 'unreachable' && facts.sqlstate?.startsWith('53') !== true
}
