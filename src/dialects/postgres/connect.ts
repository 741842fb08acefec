/** The first look at a server. Most runs end with it, so what else a session can do is loaded when it is asked for. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { ConnectOptions, Session, SessionFacts } from '../dialect.ts'
import { loadDriver } from './driver.ts'
import { explain } from './errors.ts'
import { factsQuery, readFacts, type ServerFacts } from './facts.ts'
import { hasOwnHistory } from './history-columns.ts'
import { type Link, openLink } from './link.ts'
import { type HistoryNames, nameHistory } from './naming.ts'

export async function connectPostgres(url: PostgresUrl, options: ConnectOptions): Promise<Session> {
  try {
    return await connect(url, options)
  } catch (error) {
    // The digest uses more of the server than anything else; whatever is wrong with it, the history can be read without.
    if (options.history.digest !== true || !['statement', 'privilege'].includes(explain(error).kind))
      throw error
    return await connect(url, { ...options, history: { ...options.history, digest: false } })
  }
}

async function connect(url: PostgresUrl, options: ConnectOptions): Promise<Session> {
  const { table, schema, digest } = options.history
  let onNotice: ((message: string) => void) | undefined
  const opening = openLink(url, {
    applicationName: options.applicationName,
    timeoutMs: options.attemptTimeoutMs,
    signal: options.signal,
    onNotice: (message) => onNotice?.(message),
    greeting: factsQuery(table, schema ?? url.schema, { digest }),
  })
  const [{ link, greeting }] = await Promise.all([opening, loadDriver()])
  try {
    const facts = readFacts(greeting)
    if (options.intent === 'write') requireWritable(facts)
    const names = nameHistory(facts.schema ?? 'public', table)
    const sessionFacts = describeFacts(facts, names)
    return deferSession(link, sessionFacts, async () => {
      const { createSession } = await import('./session.ts')
      const listenForNotices = (listener: typeof onNotice) => {
        onNotice = listener
      }
      return createSession({ link, url, facts, sessionFacts, names, options, listenForNotices })
    })
  } catch (error) {
    await link.close()
    throw error
  }
}

function requireWritable(facts: ServerFacts): void {
  if (facts.inRecovery) throw new SlipwayError('read-only', `${facts.database} is a replica in recovery`)
  if (facts.readOnlyByDefault) {
    throw new SlipwayError(
      'read-only',
      `default_transaction_read_only is on for ${facts.user} on ${facts.database}`,
    )
  }
}

function describeFacts(facts: ServerFacts, names: HistoryNames): SessionFacts {
  return {
    serverVersion: facts.version,
    database: facts.database,
    now: facts.now,
    historyTable: names.shown,
    historyDigest: hasOwnHistory(facts, names) ? facts.digest : undefined,
  }
}

/** Every method of a session is asynchronous, so the first call can wait for what loads it. */
function deferSession(link: Link, facts: SessionFacts, load: () => Promise<Session>): Session {
  let session: Promise<Session> | undefined
  const close = async () => (session === undefined ? link.leave() : (await session).close())
  const known: Pick<Session, 'facts' | 'lost' | 'close' | typeof Symbol.asyncDispose> = {
    facts,
    get lost() {
      return link.lost
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  return new Proxy(known, {
    get(target, key) {
      // `then` would make it a promise.
      if (key in target || key === 'then' || typeof key === 'symbol') return Reflect.get(target, key)
      return async (...args: unknown[]) => {
        session ??= load()
        const loaded = await session
        return Reflect.apply(Reflect.get(loaded, key), loaded, args)
      }
    },
  }) as Session
}
