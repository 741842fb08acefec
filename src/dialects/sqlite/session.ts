/** A session on SQLite: a store of connections, the run lock, and the history tables. */
import { basename } from 'node:path'
import type { SqliteUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { HistoryDigest } from '../../plan/digest.ts'
import type { Attempt, ConnectOptions, HistorySnapshot, Session, StepRecord } from '../dialect.ts'
import { amend } from './amend.ts'
import { type Handle, readVersion } from './driver.ts'
import { examineFile } from './examine.ts'
import { createHistory, type HistoryTables, hasHistory, hasLog, nameHistoryTables } from './history.ts'
import {
  type LogEntry,
  readDigest,
  readFailures,
  readLog,
  readRows,
  readSource,
  readState,
  writeLog,
  writeReverting,
  writeRow,
} from './history-rows.ts'
import { createMemoryLock, createRunLock } from './lock.ts'
import { findLockOwners } from './lock-owners.ts'
import type { BusyOptions } from './poll.ts'
import { applyStepwise } from './stepwise.ts'
import { openMemoryStore, openReadingStore, openWritingStore, type Store } from './store.ts'
import { applyInTransaction } from './transaction.ts'
import { withReadTransaction, withWriteTransaction } from './write-transaction.ts'

/** How long bookkeeping waits for the app's own transactions. No signal ends it: a failure is recorded while stopping. */
const bookkeeping = { budgetMs: 10_000 }

/** See Dialect.connect. Throws SlipwayError not-writable, bad-url, bad-setting. */
export async function openSession(url: SqliteUrl, options: ConnectOptions): Promise<Session> {
  options.signal.throwIfAborted()
  const tables = nameHistoryTables(options.history)
  const store = openStore(url.path, options.intent)
  const digest = options.history.digest === true ? await readDigestAtOnce(store, tables) : undefined
  return createSession(store, tables, { intent: options.intent, digest })
}

/** What stands in the way will be told by whoever reads the rows. */
async function readDigestAtOnce(store: Store, tables: HistoryTables): Promise<HistoryDigest | undefined> {
  try {
    return await readIf(store, { budgetMs: 0 }, (handle) =>
      hasHistory(handle, tables) ? readDigest(handle, tables) : undefined,
    )
  } catch {
    return undefined
  }
}

/** Nothing is read from a database that does not exist. */
async function readIf<T>(
  store: Store,
  busy: BusyOptions,
  work: (handle: Handle) => T | undefined,
): Promise<T | undefined> {
  if (!store.exists()) return undefined
  return await store.read((handle) => withReadTransaction(handle, busy, () => work(handle)))
}

function openStore(path: string, intent: 'read' | 'write'): Store {
  if (path === ':memory:') return openMemoryStore()
  return intent === 'write' ? openWritingStore(path) : openReadingStore(path)
}

interface SessionParts {
  readonly intent: 'read' | 'write'
  readonly digest: HistoryDigest | undefined
}

function createSession(store: Store, tables: HistoryTables, { intent, digest }: SessionParts): Session {
  const lock = store.path === ':memory:' ? createMemoryLock() : createRunLock(store.path)

  /** Nothing is read from a table that does not exist. */
  const readWhere = <T>(
    has: (handle: Handle, tables: HistoryTables) => boolean,
    work: (handle: Handle) => T,
  ): Promise<T | undefined> =>
    readIf(store, bookkeeping, (handle) => (has(handle, tables) ? work(handle) : undefined))
  const write = async (work: (handle: Handle) => void): Promise<void> => {
    refuseReader(intent)
    await store.write((handle) => withWriteTransaction(handle, bookkeeping, () => work(handle)))
  }
  const writeState = async (
    record: StepRecord,
    state: 'started' | 'skipped',
    entry: LogEntry,
  ): Promise<void> =>
    await write((handle) => {
      if (readState(handle, tables, record.name) !== undefined) return
      writeRow(handle, tables, record, { state, durationMs: 0, statementsDone: 0 })
      writeLog(handle, tables, record, entry)
    })
  const close = async (): Promise<void> => {
    lock.release()
    store[Symbol.dispose]()
  }

  return {
    facts: {
      serverVersion: readVersion(),
      database: basename(store.path),
      now: new Date(),
      historyTable: tables.name,
      historyDigest: digest,
    },
    lost: false,
    readHistory: async (): Promise<HistorySnapshot> => {
      const rows = await readWhere(hasHistory, (handle) => readRows(handle, tables))
      return rows === undefined ? { exists: false, rows: [] } : { exists: true, rows }
    },
    readSource: async (name) => await readWhere(hasHistory, (handle) => readSource(handle, tables, name)),
    failuresSince: async (since) =>
      (await readWhere(hasLog, (handle) => readFailures(handle, tables, since))) ?? [],
    readLog: async () => (await readWhere(hasLog, (handle) => readLog(handle, tables))) ?? [],
    examine: () => examineFile(store),
    readCatalogue: async () => {
      const { readCatalogue } = await import('./catalogue.ts')
      return (await readIf(store, bookkeeping, (handle) => readCatalogue(handle, tables))) ?? ''
    },
    dumpSchema: async () => {
      const { dumpSchema } = await import('./dump.ts')
      return (await readIf(store, bookkeeping, (handle) => dumpSchema(handle, tables))) ?? ''
    },
    readTexts: async (query) => {
      const { readTexts } = await import('./read-texts.ts')
      return (await readIf(store, bookkeeping, (handle) => readTexts(handle, query))) ?? []
    },
    tryRunLock: async () => {
      refuseReader(intent)
      return lock.tryAcquire()
    },
    runLockHolder: async () => lock.findHolder(),
    releaseRunLock: async () => lock.release(),
    turns: async () => undefined,
    blockers: async () =>
      findLockOwners([store.path, `${store.path}-shm`]).filter(({ pid }) => pid !== process.pid),
    ensureHistory: async () => {
      const complete = await readWhere(hasHistory, (handle) => hasLog(handle, tables))
      if (complete !== true) await write((handle) => createHistory(handle, tables))
    },
    applyInTransaction: async (attempt) => {
      refuseReader(intent)
      noticeTimeout(attempt)
      await applyInTransaction(store, tables, attempt)
    },
    applyTogether: async (parts, listener) => {
      refuseReader(intent)
      for (const part of parts) if (part.kind === 'apply') noticeTimeout(part.attempt)
      const { applyTogether } = await import('./together.ts')
      await applyTogether(store, tables, { parts, listener })
    },
    applyStepwise: async (attempt) => {
      refuseReader(intent)
      noticeTimeout(attempt)
      await applyStepwise(store, tables, attempt)
    },
    recordSkipped: async (record) => await writeState(record, 'skipped', { event: 'skip' }),
    recordStarted: async (record, reverts) =>
      reverts === undefined
        ? await writeState(record, 'started', { event: 'start' })
        : await write((handle) => void writeReverting(handle, tables, reverts, 0)),
    amendHistory: async (amendments) =>
      await write((handle) => {
        for (const amendment of amendments) amend(handle, tables, amendment)
      }),
    readForeign: async (wants) => {
      const { readForeign } = await import('./adopt.ts')
      return (
        (await readIf(store, bookkeeping, (handle) => readForeign(handle, tables, wants))) ?? {
          tables: [],
          historySchema: 'main',
          historyTable: tables.name,
          taken: [],
        }
      )
    },
    adoptHistory: async (adoption) => {
      const { adoptHistory } = await import('./adopt.ts')
      await write((handle) => adoptHistory(handle, tables, adoption))
    },
    recordFailure: async (record, error, statementsDone) =>
      await write((handle) => writeLog(handle, tables, record, { event: 'failure', error, statementsDone })),
    recordUnlock: async (record, detail) => {
      if ((await readWhere(hasLog, () => true)) === undefined) return
      await write((handle) => writeLog(handle, tables, record, { event: 'unlock', error: detail }))
    },
    countLosses: async (losses) => {
      const { countLosses } = await import('./count-losses.ts')
      return (await readWhere(hasHistory, (handle) => countLosses(handle, losses))) ?? []
    },
    // The file's permissions cannot tell.
    historyWriters: async () => [],
    databaseSize: async () => {
      const { readSize } = await import('./backup.ts')
      return (await readWhere(hasHistory, (handle) => readSize(handle))) ?? 0
    },
    cancel: async () => {},
    close,
    [Symbol.asyncDispose]: close,
  }
}

function refuseReader(intent: 'read' | 'write'): void {
  if (intent === 'read') throw new SlipwayError('bug', 'a reading session was asked to write')
}

/** https://www.sqlite.org/c3ref/interrupt.html is out of reach: the driver runs each statement in one call. */
function noticeTimeout(attempt: Attempt): void {
  if (attempt.statementTimeoutMs > 0)
    attempt.onNotice('the statement timeout has no effect: a SQLite statement cannot be interrupted')
}
