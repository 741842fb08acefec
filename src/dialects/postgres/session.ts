/** The session of one run: one link, the run lock on it, and all the work through it. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { Attempt, ConnectOptions, Session, SessionFacts } from '../dialect.ts'
import { findBlockers } from './blockers.ts'
import { sendCancelRequest } from './cancel.ts'
import { createHistory } from './create-history.ts'
import { factsQuery, readFacts, requireDirect, type ServerFacts } from './facts.ts'
import * as history from './history.ts'
import * as rows from './history-rows.ts'
import { type Link, openLink } from './link.ts'
import { findRunLockHolder, releaseRunLock, tryRunLock } from './lock.ts'
import { type HistoryNames, nameHistory } from './naming.ts'
import { grantReaders } from './grant-readers.ts'
import { asWriter } from './privileges.ts'
import { requireRoles } from './roles.ts'
import { probeConnectionCheck, resetSession } from './settings.ts'
import { applyStepwise } from './stepwise.ts'
import { applyInTransaction } from './transaction.ts'
import { watchLink } from './watchdog.ts'
import { type Workplace, writeHistory } from './workplace.ts'

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
    const stopWatching = watchLink(link, url, {
      everyMs: options.keepaliveMs,
      applicationName: options.applicationName,
    })
    return createSession({
      link,
      url,
      facts,
      names,
      options,
      stopWatching,
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
  readonly listenForNotices: (listener: ((message: string) => void) | undefined) => void
}

function createSession(parts: Parts): Session {
  const { link, names } = parts
  const prepared = prepareOnce(parts)
  const reader = { login: parts.facts.user, role: parts.options.role }
  let latest: ServerFacts | undefined = parts.facts
  let holdsLock = false

  const locateHistory = async () => {
    const facts = latest ?? readFacts(await link.simple(factsQuery(names.table, names.schema)))
    const isSchemaChosen = parts.options.history.schema !== undefined || parts.url.schema !== undefined
    const snapshot = await history.readLocatedHistory(link, facts, names, { ...reader, isSchemaChosen })
    const found = history.findTables(facts, names)
    // An absent table may appear; one that is there stays.
    latest = found.history !== undefined && found.log !== undefined ? facts : undefined
    return { snapshot, found }
  }

  const withNotices = async <T>(
    { onNotice }: Pick<Attempt, 'onNotice'>,
    work: (place: Workplace) => Promise<T>,
  ): Promise<T> => {
    parts.listenForNotices(onNotice)
    try {
      return await work(await prepared())
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
    readSource: (name) => history.readSource(link, names, reader, name),
    failuresSince: async (since) =>
      (await locateHistory()).found.log === undefined ? [] : history.readFailures(link, names, reader, since),
    async tryRunLock() {
      await prepared()
      holdsLock = await tryRunLock(link, names)
      return holdsLock
    },
    runLockHolder: () => findRunLockHolder(link, names),
    blockers: (attempt) => findBlockers(link, attempt),
    async releaseRunLock() {
      if (!holdsLock || link.lost) return
      holdsLock = false
      if (!(await releaseRunLock(link, names))) throw new Error('the run lock was no longer held')
    },
    async ensureHistory() {
      const { found } = await locateHistory()
      if (found.history === undefined || found.log === undefined) {
        await createHistory(await prepared(), parts.facts, found)
        latest = undefined
      }
      await grantReaders(await prepared(), parts.options.readers ?? [])
    },
    applyInTransaction: (attempt) => withNotices(attempt, (place) => applyInTransaction(place, attempt)),
    applyTogether: async (group, listener) => {
      const { applyTogether, listenInTurn } = await import('./together.ts')
      const { onNotice, begin } = listenInTurn(group, listener)
      return withNotices({ onNotice }, (place) => applyTogether(place, group, { ...listener, begin }))
    },
    applyStepwise: (attempt) => withNotices(attempt, (place) => applyStepwise(place, attempt)),
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

/** Nothing is SET before a pooler is excluded, and not at all in a session that only reads. */
function prepareOnce(parts: Parts): () => Promise<Workplace> {
  let place: Promise<Workplace> | undefined
  const prepare = async (): Promise<Workplace> => {
    const { link, facts, names, url, options } = parts
    requireDirect(facts, link)
    const { role, readers = [] } = options
    await requireRoles(link, facts, { role, readers })
    const connectionCheck = await probeConnectionCheck(link, facts)
    const texts = resetSession({ facts, searchPath: url.schema, role, connectionCheck })
    await link.simple(texts.reset)
    return {
      link,
      names,
      role: role ?? facts.user,
      ...texts,
      begin: 'begin transaction read write;',
      committing: false,
    }
  }
  return () => {
    place ??= prepare()
    return place
  }
}
