/** The session of one run: one link, the run lock on it, and all the work through it. */
import type { PostgresUrl } from '../../config/url.ts'
import type { Attempt, ConnectOptions, Session, SessionFacts } from '../dialect.ts'
import { findBlockers } from './blockers.ts'
import { sendCancelRequest } from './cancel.ts'
import { createHistory } from './create-history.ts'
import { factsQuery, readFacts, requireDirect, type ServerFacts } from './facts.ts'
import * as history from './history.ts'
import * as rows from './history-rows.ts'
import type { Link } from './link.ts'
import { findRunLockHolder, releaseRunLock, tryRunLock } from './lock.ts'
import type { HistoryNames } from './naming.ts'
import { asWriter } from './privileges.ts'
import { probeConnectionCheck, resetSession } from './settings.ts'
import { applyStepwise } from './stepwise.ts'
import { applyInTransaction } from './transaction.ts'
import { watchLink } from './watchdog.ts'
import { type Workplace, writeHistory } from './workplace.ts'

/** What a connection that was greeted has. */
export interface SessionParts {
  readonly link: Link
  readonly url: PostgresUrl
  readonly facts: ServerFacts
  readonly sessionFacts: SessionFacts
  readonly names: HistoryNames
  readonly options: ConnectOptions
  readonly listenForNotices: (listener: ((message: string) => void) | undefined) => void
}

/** With all that a session can do; a run with nothing to do needs none of it. */
export function createSession(parts: SessionParts): Session {
  const { link, names } = parts
  const prepared = prepareOnce(parts)
  const stopWatching = watchLink(link, parts.url, {
    everyMs: parts.options.keepaliveMs,
    applicationName: parts.options.applicationName,
  })
  let latest: ServerFacts | undefined = parts.facts
  let holdsLock = false

  const locateHistory = async () => {
    const facts = latest ?? readFacts(await link.simple(factsQuery(names.table, names.schema)))
    const isSchemaChosen = parts.options.history.schema !== undefined || parts.url.schema !== undefined
    const snapshot = await history.readLocatedHistory(link, facts, names, isSchemaChosen)
    const found = history.findTables(facts, names)
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
    facts: parts.sessionFacts,
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
      if (found.history !== undefined && found.log !== undefined) return
      await createHistory(await prepared(), parts.facts, found)
      latest = undefined
    },
    applyInTransaction: (attempt) => withNotices(attempt, (place) => applyInTransaction(place, attempt)),
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
      stopWatching()
      await link.close()
    },
    [Symbol.asyncDispose]: () => session.close(),
  }
  return session
}

/** Nothing is SET before a pooler is excluded, and not at all in a session that only reads. */
function prepareOnce(parts: SessionParts): () => Promise<Workplace> {
  let place: Promise<Workplace> | undefined
  const prepare = async (): Promise<Workplace> => {
    const { link, facts, names, url } = parts
    requireDirect(facts, link)
    const connectionCheck = await probeConnectionCheck(link, facts)
    const texts = resetSession({ facts, searchPath: url.schema, connectionCheck })
    await link.simple(texts.reset)
    return { link, names, role: facts.user, ...texts, committing: false }
  }
  return () => {
    place ??= prepare()
    return place
  }
}
