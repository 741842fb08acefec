/** A session that is more than a first look: watched, and with all that it can do. */
import type { Session } from '../dialect.ts'
import type { SessionParts } from './prepare.ts'
import { createSession } from './session.ts'
import { watchLink } from './watchdog.ts'

export function openWorkingSession(parts: Omit<SessionParts, 'stopWatching' | 'onBackend'>): Session {
  const { link, endpoint, facts, options } = parts
  const isDirect = link.backend.pid === facts.pid
  let backend = isDirect ? facts.pid : undefined
  const stopWatching = watchLink(link, endpoint, {
    everyMs: options.keepaliveMs,
    applicationName: options.applicationName,
    isDirect,
    backend: () => backend,
  })
  const onBackend = (pid: number | undefined) => {
    backend = pid
  }
  return createSession({ ...parts, stopWatching, onBackend })
}
