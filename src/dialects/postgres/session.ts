/** The session of one run: one link, the run lock on it, and all the work through it. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { Attempt, ConnectOptions, Session, SessionFacts } from '../dialect.ts'
import { findBlockers } from './blockers.ts'
import { sendCancelRequest } from './cancel.ts'
import { createHistory } from './create-history.ts'
import { factsQuery, readFacts, type ServerFacts } from './facts.ts'
import * as history from './history.ts'
import * as rows from './history-rows.ts'
import { type Link, openLink } from './link.ts'
import { findRunLockHolder, releaseRunLock, tryRunLock } from './lock.ts'
import { type HistoryNames, nameHistory } from './naming.ts'
import { findPooling, mayShare, needsSession, type Pooling } from './pooling.ts'
import { asWriter } from './privileges.ts'
import { probeConnectionCheck, resetSession } from './settings.ts'
import { applyStepwise } from './stepwise.ts'
import { applyInTransaction } from './transaction.ts'
import { watchLink } from './watchdog.ts'
import { leaveClean, leaveTransaction, type Workplace, writeHistory } from './workplace.ts'

export async function connectPostgres(url: PostgresUrl, options: ConnectOptions): Promise<Session> {
  const { table, schema } = options.history
  let onNotice: ((message: string) => void) | undefined
  const { link, greeting } = await openLink(url, {
    applicationName: options.applicationName,
    timeoutMs: options.attemptTimeoutMs,
    signal: options.signal,
    onNotice: (message) => onNotice?.(message),
    greeting: factsQuery(table, schema ?? url.schema),
  })
  try {
    const facts = readFacts(greeting)
    if (options.intent === 'write') requireWritable(facts)
    const names = nameHistory(facts.schema ?? 'public', table)
    const isDirect = link.backend.pid === facts.pid
    let backend = isDirect ? facts.pid : undefined
    const stopWatching = watchLink(link, url, {
      everyMs: options.keepaliveMs,
      applicationName: options.applicationName,
      isDirect,
      backend: () => backend,
    })
    return createSession({
      link,
      url,
      facts,
      names,
      options,
      stopWatching,
      onBackend: (pid) => {
        backend = pid
      },
      listenForNotices: (listener) => {
        onNotice = listener
      },
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

interface Parts {
  readonly link: Link
  readonly url: PostgresUrl
  readonly facts: ServerFacts
  readonly names: HistoryNames
  readonly options: ConnectOptions
  readonly stopWatching: () => void
  readonly onBackend: (pid: number | undefined) => void
  readonly listenForNotices: (listener: ((message: string) => void) | undefined) => void
}

function createSession(parts: Parts): Session {
  const { link, names } = parts
  const pooling = once(() => findPooling(parts))
  let isPrepared = false
  const prepared = once(() => {
    isPrepared = true
    return prepare(parts, pooling)
  })
  let latest: ServerFacts | undefined = parts.facts
  let holdsLock = false

  const findHistory = async () => {
    const facts = latest ?? readFacts(await link.simple(factsQuery(names.table, names.schema)))
    const found = history.findTables(facts, names)
    // An absent table may appear; one that is there stays.
    latest = found.history !== undefined && found.log !== undefined ? facts : undefined
    return { facts, found }
  }

  const locateHistory = async () => {
    const { facts, found } = await findHistory()
    const isSchemaChosen = parts.options.history.schema !== undefined || parts.url.schema !== undefined
    const snapshot = await history.readLocatedHistory(link, facts, names, isSchemaChosen)
    return { snapshot, found }
  }

  const withNotices = async <T>(attempt: Attempt, work: () => Promise<T>): Promise<T> => {
    parts.listenForNotices(attempt.onNotice)
    try {
      return await work()
    } finally {
      parts.listenForNotices(undefined)
    }
  }

  const write = async (text: string) => {
    const place = await prepared()
    await asWriter(names, place.role, () => writeHistory(place, text))
  }

  const session: Session = {
    facts: sessionFacts(parts),
    get lost() {
      return link.lost
    },
    readHistory: async () => (await locateHistory()).snapshot,
    readSource: (name) => history.readSource(link, names, name),
    failuresSince: async (since) =>
      (await locateHistory()).found.log === undefined
        ? []
        : history.readFailures(link, names, parts.facts.user, since),
    async tryRunLock() {
      holdsLock = await tryRunLock(await prepared())
      return holdsLock
    },
    runLockHolder: () => findRunLockHolder(link, names),
    blockers: (attempt) => findBlockers(link, attempt),
    async releaseRunLock() {
      if (!holdsLock || link.lost) return
      holdsLock = false
      if (!(await releaseRunLock(link, names))) throw new Error('the run lock was no longer held')
    },
    async turns() {
      if (!mayShare(parts)) return undefined
      const { createTurns } = await import('./turns.ts')
      return createTurns({
        ...parts,
        searchPath: parts.url.schema,
        applicationName: parts.options.applicationName,
        base: session,
        withNotices,
        findHistory: async () => (await findHistory()).found,
        forgetHistory: () => {
          latest = undefined
        },
        requireSession: async (what) => {
          const found = await pooling()
          if (found.scope === 'transaction') throw needsSession(parts.url, found, what)
        },
      })
    },
    async ensureHistory() {
      const { found } = await locateHistory()
      if (found.history !== undefined && found.log !== undefined) return
      await createHistory(await prepared(), parts.facts, found)
      latest = undefined
    },
    applyInTransaction: (attempt) =>
      withNotices(attempt, async () => applyInTransaction(await prepared(), attempt)),
    applyStepwise: (attempt) => withNotices(attempt, async () => applyStepwise(await prepared(), attempt)),
    recordSkipped: (record) =>
      write(`${rows.insertSkipped(names, record)};\n${rows.insertLog(names, 'skip', record)}`),
    recordStarted: (record) => write(`${rows.insertStarted(names, record)}\non conflict (name) do nothing`),
    recordFailure: (record, error, statementsDone) =>
      write(rows.insertLog(names, 'failure', record, { error, statementsDone })),
    async cancel() {
      if (link.lost || (await prepared()).committing) return
      await sendCancelRequest(parts.url, link.backend)
    },
    async close() {
      parts.stopWatching()
      if (isPrepared && !link.lost && (await pooling().catch(() => undefined))?.scope === 'session')
        await leaveClean(link)
      await link.close()
    },
    [Symbol.asyncDispose]: () => session.close(),
  }
  return session
}

function sessionFacts(parts: Parts): SessionFacts {
  return {
    serverVersion: parts.facts.version,
    database: parts.facts.database,
    now: parts.facts.now,
    historyTable: parts.names.shown,
  }
}

/** Nothing is SET before a pooler that shares connections is excluded, and not at all in a session that only reads. */
async function prepare(parts: Parts, pooling: () => Promise<Pooling>): Promise<Workplace> {
  const { link, facts, names, url } = parts
  const found = await pooling()
  if (found.scope === 'transaction') throw needsSession(url, found, 'this work needs')
  parts.onBackend(facts.pid)
  const connectionCheck = await probeConnectionCheck(link, facts)
  const texts = resetSession({ facts, searchPath: url.schema, connectionCheck })
  await link.simple(texts.reset)
  return {
    link,
    names,
    role: facts.user,
    pid: facts.pid,
    ...texts,
    begin: 'begin transaction read write;',
    commit: 'commit',
    leave: () => leaveTransaction(link),
    committing: false,
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}
