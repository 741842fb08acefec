/** What a session does before it writes for the first time, and how it leaves the server connection if that lives on. */
import { type PostgresUrl, searchPathOf } from '../../config/url.ts'
import type { ConnectOptions, SessionFacts } from '../dialect.ts'
import { sendCancelRequest } from './cancel.ts'
import type { Endpoint } from './endpoint.ts'
import type { ServerFacts } from './facts.ts'
import type { Link } from './link.ts'
import type { HistoryNames } from './naming.ts'
import { findPooling, needsSession, type Pooling } from './pooling.ts'
import { requireRoles } from './roles.ts'
import { probeConnectionCheck, resetSession } from './settings.ts'
import { leaveClean, leaveTransaction, type Workplace } from './workplace.ts'

export interface SessionParts {
  readonly link: Link
  readonly url: PostgresUrl
  /** The one server that the session is on. */
  readonly endpoint: Endpoint
  readonly facts: ServerFacts
  readonly sessionFacts: SessionFacts
  readonly names: HistoryNames
  readonly options: ConnectOptions
  /** The backend that works for us, for the watchdog. */
  readonly onBackend: (pid: number | undefined) => void
}

export interface Preparation {
  pooling(): Promise<Pooling>
  /** Throws pooler-in-the-way. */
  prepared(): Promise<Workplace>
  /** Undoes it where a pooler keeps the server connection. Never throws, never hangs. */
  leave(): Promise<void>
}

/** Nothing is SET before a pooler that shares connections is excluded, and not at all in a session that only reads. */
export function prepareOnce(parts: SessionParts): Preparation {
  let isSet = false
  const pooling = once(() => findPooling(parts))
  const prepared = once(async (): Promise<Workplace> => {
    const { link, facts, names, url, endpoint, options } = parts
    const { role, readers = [] } = options
    const found = await pooling()
    if (found.scope === 'transaction') throw needsSession(url, found, [])
    await requireRoles(link, facts, { role, readers })
    isSet = true
    parts.onBackend(facts.pid)
    const connectionCheck = await probeConnectionCheck(link, facts)
    const { tidy, ...texts } = resetSession({ facts, searchPath: searchPathOf(url), role, connectionCheck })
    await link.simple(texts.reset)
    return {
      link,
      names,
      role: role ?? facts.user,
      pid: facts.pid,
      ...texts,
      begin: 'begin transaction read write;',
      commit: 'commit',
      leave: () => leaveTransaction(link),
      committing: false,
      rows: { prepared: { ready: false }, tidy },
      openAside: () => openAside(endpoint, options.applicationName),
      ahead: {
        sent: undefined,
        notices: undefined,
        interrupt: () => sendCancelRequest(endpoint, link.backend),
      },
    }
  })
  const leave = async () => {
    if (isSet && !parts.link.lost && (await pooling()).scope === 'session') await leaveClean(parts.link)
  }
  return { pooling, prepared, leave }
}

/** Best effort: a server without a connection to spare is no reason to fail. */
async function openAside(endpoint: Endpoint, applicationName: string): Promise<Link | undefined> {
  const { tryLink } = await import('./open-link.ts')
  const greeting = 'select 1 as one'
  const options = { applicationName: `${applicationName} progress`, timeoutMs: 5000, greeting }
  const outcome = await tryLink(endpoint, options)
  return 'link' in outcome ? outcome.link : undefined
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}
