/** The session of one run: one link, the run lock on it, and all the work through it. */
import { searchPathOf } from '../../config/url.ts'
import type { Attempt, Session } from '../dialect.ts'
import { dropAhead } from './ahead.ts'
import { findBlockers } from './blockers.ts'
import { sendCancelRequest } from './cancel.ts'
import { createHistory } from './create-history.ts'
import { examineServer } from './examine.ts'
import { factsQuery, readFacts, readOnly, type ServerFacts } from './facts.ts'
import { adviseOnForeign } from './foreign-history.ts'
import { grantReaders } from './grant-readers.ts'
import * as history from './history.ts'
import * as rows from './history-rows.ts'
import { endRunLockHolder, findRunLockHolder, releaseRunLock, tryRunLock } from './lock.ts'
import { mayShare, needsSession } from './pooling.ts'
import { prepareOnce, type SessionParts } from './prepare.ts'
import { asAmender, asWriter } from './privileges.ts'
import { markReverting } from './revert-rows.ts'
import { requireRoles } from './roles.ts'
import { applyStepwise } from './stepwise.ts'
import { applyInTransaction } from './transaction.ts'
import { watchLink } from './watchdog.ts'
import { writeHistory } from './workplace.ts'

/** With all that a session can do; a run with nothing to do needs none of it. */
export function createSession(opened: Omit<SessionParts, 'onBackend'>): Session {
  const { link, names, facts, options } = opened
  const isDirect = link.backend.pid === facts.pid
  let backend = isDirect ? facts.pid : undefined
  const stopWatching = watchLink(link, opened.endpoint, {
    everyMs: options.keepaliveMs,
    applicationName: options.applicationName,
    isDirect,
    backend: () => backend,
  })
  const parts: SessionParts = {
    ...opened,
    onBackend: (pid) => {
      backend = pid
    },
  }
  const { pooling, prepared, leave } = prepareOnce(parts)
  const isSchemaChosen = parts.options.history.schema !== undefined || parts.url.schema !== undefined
  const wanted = { onlyHere: parts.url.ofTenant }
  const reader = { login: parts.facts.user, role: parts.options.role }
  // The digest was asked for instead of the tables.
  let latest: ServerFacts | undefined = parts.options.history.digest === true ? undefined : parts.facts
  let holdsLock = false

  const locating = async <T>(facts: ServerFacts, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw await adviseOnForeign(link, facts, names, error)
    }
  }
  const findHistory = async () => {
    const facts = latest ?? readFacts(await link.simple(factsQuery(names.table, names.schema, wanted)))
    const found = await locating(facts, async () => history.findTables(facts, names))
    // An absent table may appear; one that is there stays.
    latest = found.history !== undefined && found.log !== undefined ? facts : undefined
    return { facts, found }
  }

  const locateHistory = async () => {
    const { facts, found } = await findHistory()
    const snapshot = await locating(facts, () =>
      history.readLocatedHistory(link, facts, names, { ...reader, isSchemaChosen }),
    )
    return { snapshot, found }
  }

  const withNotices = async <T>(
    { onNotice }: Pick<Attempt, 'onNotice'>,
    work: () => Promise<T>,
  ): Promise<T> => {
    link.listen(onNotice)
    try {
      return await work()
    } finally {
      link.listen(undefined)
    }
  }

  const settled = async () => {
    const place = await prepared()
    await dropAhead(place)
    return place
  }

  const write = async (text: string) => {
    const place = await settled()
    await asWriter(names, place.role, () => writeHistory(place, text))
  }

  const session: Session = {
    facts: parts.sessionFacts,
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
    readCatalogue: async () => (await import('./catalogue.ts')).readCatalogue(link, names),
    async dumpSchema(wanted) {
      const { dumpSchema } = await import('./dump.ts')
      return dumpSchema({ url: parts.url, names, role: reader.role }, wanted)
    },
    readTexts: async (query) => (await import('./many.ts')).readTexts(link, reader, query),
    readDigests: async (schemas) => (await import('./many.ts')).readDigests(link, names.table, schemas),
    async tryRunLock() {
      holdsLock = await tryRunLock(await prepared())
      return holdsLock
    },
    runLockHolder: () => findRunLockHolder(link, names),
    endRunLockHolder: (holder) => endRunLockHolder(link, names, holder, parts.facts.user),
    blockers: (attempt) => findBlockers(link, attempt),
    async releaseRunLock() {
      if (!holdsLock || link.lost) return
      holdsLock = false
      await settled()
      if (!(await releaseRunLock(link, names))) throw new Error('the run lock was no longer held')
    },
    async turns() {
      if (!mayShare(parts)) return undefined
      const { role, readers = [] } = parts.options
      await requireRoles(link, parts.facts, { role, readers })
      const { createTurns } = await import('./turns.ts')
      return createTurns({
        ...parts,
        role,
        readers,
        searchPath: searchPathOf(parts.url),
        applicationName: parts.options.applicationName,
        base: session,
        withNotices,
        findHistory: async () => (await findHistory()).found,
        forgetHistory: () => {
          latest = undefined
        },
        requireSession: async (migrations) => {
          const found = await pooling()
          if (found.scope === 'transaction') throw needsSession(parts.url, found, migrations)
        },
      })
    },
    async ensureHistory() {
      const { found } = await locateHistory()
      if (found.history === undefined || found.log === undefined) {
        await createHistory(await prepared(), parts.facts, found)
        latest = undefined
      }
      const place = await prepared()
      await grantReaders(place, parts.options.readers ?? [], async (text) => {
        await writeHistory(place, text)
        return true
      })
    },
    applyInTransaction: (attempt) =>
      withNotices(attempt, async () => applyInTransaction(await prepared(), attempt)),
    applyTogether: async (group, listener) => {
      const { applyTogether, listenInTurn } = await import('./together.ts')
      const { onNotice, begin } = listenInTurn(group, listener)
      return withNotices({ onNotice }, async () =>
        applyTogether(await settled(), group, { ...listener, begin }),
      )
    },
    applyStepwise: (attempt) => withNotices(attempt, async () => applyStepwise(await settled(), attempt)),
    recordSkipped: (record) =>
      write(`${rows.insertDone(names, record, 'skipped')};\n${rows.insertLog(names, 'skip', record)}`),
    recordStarted: (record, reverts) =>
      write(
        reverts === undefined
          ? `${rows.insertStarted(names, record)}\non conflict (name) do nothing`
          : markReverting(names, reverts, 0),
      ),
    async amendHistory(amendments) {
      const place = await settled()
      const text = amendments.map((amendment) => rows.amend(names, amendment)).join(';\n')
      await asAmender(names, place.role, () => writeHistory(place, text))
    },
    async readForeign(wants) {
      latest = undefined
      const { readForeign } = await import('./adopt.ts')
      return readForeign({ link, names, reader, schema: parts.facts.schema }, wants)
    },
    async adoptHistory(adoption) {
      const place = await settled()
      latest = undefined
      const facts = readFacts(await link.simple(factsQuery(names.table, names.schema, wanted)))
      const { adoptHistory } = await import('./adopt.ts')
      await adoptHistory(place, facts, adoption)
    },
    recordFailure: (record, error, statementsDone) =>
      write(rows.insertLog(names, 'failure', record, { error, statementsDone })),
    async recordUnlock(record, detail) {
      const turns = await session.turns()
      if (turns !== undefined) return await turns.session.recordUnlock(record, detail)
      if ((await locateHistory()).found.log === undefined) return
      await write(rows.insertLog(names, 'unlock', record, { error: detail }))
    },
    async countLosses(losses) {
      const { countLosses } = await import('./count-losses.ts')
      return countLosses({ link, reader, searchPath: searchPathOf(parts.url) }, losses)
    },
    async historyWriters() {
      const { findHistoryWriters } = await import('./history-writers.ts')
      return findHistoryWriters(link, names, reader, parts.facts.versionNumber)
    },
    async databaseSize() {
      const size = 'select pg_catalog.pg_database_size(pg_catalog.current_database()) as bytes'
      return Number((await readOnly(link, size))[0]?.bytes)
    },
    async cancel() {
      if (link.lost) return
      // One that reads is not prepared, and would ask for that behind what is to be cancelled.
      if (options.intent === 'write' && (await prepared()).committing) return
      await sendCancelRequest(parts.endpoint, link.backend)
    },
    async close() {
      stopWatching()
      await leave()
      await link.close()
    },
    [Symbol.asyncDispose]: () => session.close(),
  }
  return session
}
