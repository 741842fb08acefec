/** The session of one run: one link, the run lock on it, and all the work through it. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { Attempt, ConnectOptions, Session, SessionFacts } from '../dialect.ts'
import { findBlockers } from './blockers.ts'
import { sendCancelRequest } from './cancel.ts'
import { createHistory } from './create-history.ts'
import { examineServer } from './examine.ts'
import { factsQuery, readFacts, requireDirect, type ServerFacts } from './facts.ts'
import { adviseOnForeign } from './foreign-history.ts'
import * as history from './history.ts'
import * as rows from './history-rows.ts'
import { type Link, openLink } from './link.ts'
import { endRunLockHolder, findRunLockHolder, releaseRunLock, tryRunLock } from './lock.ts'
import { grantReaders } from './grant-readers.ts'
import { type HistoryNames, nameHistory } from './naming.ts'
import { asAmender, asClient, asWriter } from './privileges.ts'
import { requireRoles } from './roles.ts'
import { probeConnectionCheck, resetSession } from './settings.ts'
import { applyStepwise } from './stepwise.ts'
import { applyInTransaction } from './transaction.ts'
import { whyUnsupported } from './supported.ts'
import { watchLink } from './watchdog.ts'
import { type Workplace, writeHistory } from './workplace.ts'

export async function connectPostgres(url: PostgresUrl, options: ConnectOptions): Promise<Session> {
  const { table, schema } = options.history
  let onNotice: ((message: string) => void) | undefined
  const { link, greeting } = await asClient(url, () =>
    openLink(url, {
      applicationName: options.applicationName,
      timeoutMs: options.attemptTimeoutMs,
      signal: options.signal,
      onNotice: (message) => onNotice?.(message),
      greeting: factsQuery(table, schema ?? url.schema),
    }),
  )
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
  const unsupported = whyUnsupported(facts.versionNumber, facts.version)
  if (unsupported !== undefined) throw unsupported
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
  const isSchemaChosen = parts.options.history.schema !== undefined || parts.url.schema !== undefined
  const reader = { login: parts.facts.user, role: parts.options.role }
  let latest: ServerFacts | undefined = parts.facts
  let holdsLock = false

  const locate = async (facts: ServerFacts) => ({
    snapshot: await history.readLocatedHistory(link, facts, names, { ...reader, isSchemaChosen }),
    found: history.findTables(facts, names),
  })
  const locateHistory = async () => {
    const facts = latest ?? readFacts(await link.simple(factsQuery(names.table, names.schema)))
    const { snapshot, found } = await locate(facts).catch(async (error: unknown) => {
      throw await adviseOnForeign(link, facts, names, error)
    })
    // An absent table may appear; one that is there stays.
    latest = found.history !== undefined && found.log !== undefined ? facts : undefined
    return { snapshot, found }
  }

  const withNotices = async <T>(attempt: Attempt, work: (place: Workplace) => Promise<T>): Promise<T> => {
    parts.listenForNotices(attempt.onNotice)
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
    readLog: async () =>
      (await locateHistory()).found.log === undefined ? [] : history.readLog(link, names, reader),
    examine: () => examineServer({ ...parts, isSchemaChosen }),
    async tryRunLock() {
      await prepared()
      holdsLock = await tryRunLock(link, names)
      return holdsLock
    },
    runLockHolder: () => findRunLockHolder(link, names),
    endRunLockHolder: (holder) => endRunLockHolder(link, names, holder, parts.facts.user),
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
    applyStepwise: (attempt) => withNotices(attempt, (place) => applyStepwise(place, attempt)),
    recordSkipped: (record) =>
      write(`${rows.insertDone(names, record, 'skipped')};\n${rows.insertLog(names, 'skip', record)}`),
    recordStarted: (record) => write(`${rows.insertStarted(names, record)}\non conflict (name) do nothing`),
    async amendHistory(amendments) {
      const place = await prepared()
      const text = amendments.map((amendment) => rows.amend(names, amendment)).join(';\n')
      await asAmender(names, place.role, () => writeHistory(place, text))
    },
    recordFailure: (record, error, statementsDone) =>
      write(rows.insertLog(names, 'failure', record, { error, statementsDone })),
    async recordUnlock(record, detail) {
      if ((await locateHistory()).found.log === undefined) return
      await write(rows.insertLog(names, 'unlock', record, { error: detail }))
    },
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
    return { link, names, role: role ?? facts.user, ...texts, committing: false }
  }
  return () => {
    place ??= prepare()
    return place
  }
}
