/** The first look at a server. Most runs end with it, so what else a session can do is loaded when it is asked for. */
import { describeHost, type PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { ConnectOptions, Session, SessionFacts } from '../dialect.ts'
import { loadDriver } from './driver.ts'
import { factsQuery, readFacts, type ServerFacts } from './facts.ts'
import { type Reached, reachServer } from './hosts.ts'
import type { Link } from './link.ts'
import { type HistoryNames, nameHistory } from './naming.ts'
import { describeEncryption } from './plaintext.ts'
import { asClient } from './privileges.ts'
import { judgesFor } from './target.ts'

export async function connectPostgres(url: PostgresUrl, options: ConnectOptions): Promise<Session> {
  const { table, schema, digest } = options.history
  const wanted = { existence: url.schemaMustExist, onlyHere: url.ofTenant }
  const request = {
    applicationName: options.applicationName,
    timeoutMs: options.attemptTimeoutMs,
    signal: options.signal,
    onLogin: options.onLogin,
    greeting: factsQuery(table, schema ?? url.schema, { digest, ...wanted }),
    // The digest uses more of the server than anything else; whatever is wrong with it, the history can be read without.
    ...(digest === true ? { plainGreeting: factsQuery(table, schema ?? url.schema, wanted) } : {}),
  }
  const judges = judgesFor(url.target, options.intent)
  const reaching = asClient(url, () => reachServer(url, request, judges))
  // It may fail before it is awaited.
  reaching.catch(() => {})
  // While the server answers what is sent at first.
  await new Promise((resolve) => setImmediate(resolve))
  const [reached] = await Promise.all([reaching, loadDriver()])
  const { link, endpoint } = reached
  try {
    const facts = readFacts(reached.greeting)
    if (facts.isSchemaThere === false) throw schemaMissing(facts)
    const names = nameHistory(facts.schema ?? 'public', table)
    const sessionFacts = describeFacts(url, reached, facts, names)
    return deferSession(link, sessionFacts, async () => {
      const { createSession } = await import('./session.ts')
      return createSession({ link, url, endpoint, facts, sessionFacts, names, options })
    })
  } catch (error) {
    await link.close()
    throw error
  }
}

function schemaMissing({ schema, database }: ServerFacts): SlipwayError {
  return new SlipwayError('tenant-missing', `there is no schema ${schema} in the database ${database}`)
}

function describeFacts(
  url: PostgresUrl,
  { link, endpoint }: Reached,
  facts: ServerFacts,
  names: HistoryNames,
): SessionFacts {
  return {
    serverVersion: facts.version,
    database: facts.database,
    now: facts.now,
    historyTable: names.shown,
    historySchema: names.schema,
    historyDigest: facts.digest,
    ...describeEncryption(link, endpoint),
    ...(url.hosts.length > 1 ? { host: describeHost(endpoint) } : {}),
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
