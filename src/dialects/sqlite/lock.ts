/** The run lock: one runner at a time on one SQLite file. */
import type { LockHolder } from '../../events.ts'
import { type Handle, openFile, runStatement } from './driver.ts'
import { sqliteCodeOf } from './errors.ts'
import { describeUser, fileExists, notWritable } from './file-access.ts'
import { findLockOwners } from './lock-owners.ts'
import { rollbackQuietly } from './write-transaction.ts'

export function lockPathOf(databasePath: string): string {
  return `${databasePath}.slipway-lock`
}

export interface RunLock {
  /** Tries once and returns at once. True while it is already held. */
  tryAcquire(): boolean
  findHolder(): LockHolder | undefined
  /** Never throws. The file stays: deleting it would let two runners hold two files of one name. */
  release(): void
}

/**
 * A SQLite file of its own beside the database, held by BEGIN EXCLUSIVE, so that the database itself stays free for
 * the app and for the migrations' own transactions. The operating system drops the lock with the process, however it
 * ends; https://www.sqlite.org/lockingv3.html
 */
export function createRunLock(databasePath: string): RunLock {
  const path = lockPathOf(databasePath)
  let held: Handle | undefined
  return {
    tryAcquire: () => {
      held ??= openExclusively(path)
      return held !== undefined
    },
    findHolder: () => findLockOwners([path])[0] ?? (isHeldElsewhere(path) ? {} : undefined),
    release: () => {
      if (held !== undefined) closeQuietly(held)
      held = undefined
    },
  }
}

/** A database in memory is seen by one session only. */
export function createMemoryLock(): RunLock {
  return { tryAcquire: () => true, findHolder: () => undefined, release: () => {} }
}

function openExclusively(path: string): Handle | undefined {
  let handle: Handle | undefined
  try {
    handle = openFile(path, 'create')
    // Nothing is ever written, so no journal needs to lie beside the file.
    handle.exec('pragma journal_mode = memory')
    handle.exec('begin exclusive')
    return handle
  } catch (error) {
    if (handle !== undefined) closeQuietly(handle)
    const code = sqliteCodeOf(error) ?? ''
    if (code.startsWith('SQLITE_BUSY')) return undefined
    if (/^SQLITE_(?:CANTOPEN|READONLY|PERM|NOTADB)/.test(code))
      throw notWritable(`cannot lock ${path}: ${String(error)}; ${describeUser()}`, error)
    throw error
  }
}

/**
 * Whether somebody holds it of whom the operating system tells nothing: in another container, or not on Linux. Reading
 * wants a lock that an exclusive one excludes, and lets go of it at once; nothing is created.
 */
function isHeldElsewhere(path: string): boolean {
  if (!fileExists(path)) return false
  let handle: Handle | undefined
  try {
    handle = openFile(path, 'read')
    runStatement(handle, 'select count(*) from sqlite_schema')
    return false
  } catch (error) {
    return sqliteCodeOf(error)?.startsWith('SQLITE_BUSY') === true
  } finally {
    if (handle !== undefined) closeQuietly(handle)
  }
}

function closeQuietly(handle: Handle): void {
  rollbackQuietly(handle)
  try {
    handle.close()
  } catch {
    return
  }
}
