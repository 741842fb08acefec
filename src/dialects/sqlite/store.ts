/** Where connections come from: a file, opened anew for each piece of work, or one database in memory. */
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, SlipwayError } from '../../errors.ts'
import { copyMemory, type Handle, type OpenMode, openFile, openMemory, runStatement } from './driver.ts'
import { sqliteCodeOf } from './errors.ts'
import {
  canWrite,
  describeAccess,
  describeUser,
  fileExists,
  notWritable,
  refuseDirectory,
  requireWritable,
} from './file-access.ts'

export interface Store extends Disposable {
  /** Absolute, symbolic links resolved; `:memory:`. */
  readonly path: string
  /** Whether there is a database at all; a reading session may find none. */
  exists(): boolean
  /** A connection that cannot write. */
  read<T>(work: (handle: Handle) => Promise<T>): Promise<T>
  /**
   * A connection of its own: pragmas, temporary tables and attached databases end with it, so that those of one
   * migration never reach the next.
   */
  write<T>(work: (handle: Handle) => Promise<T>): Promise<T>
}

/** Creates the file if need be. Throws not-writable, bad-url. */
export function openWritingStore(path: string): Store {
  requireWritable(path)
  closeAfter(open(path, 'create'), (handle) => refuseOtherFormats(handle, path))
  // Two spellings of one file must find one lock, and SQLite itself names its journal after the resolved path.
  return createFileStore(realpathSync(path))
}

/** Creates nothing; the file may be missing, and may appear later. Throws not-writable, bad-url. */
export function openReadingStore(path: string): Store {
  refuseDirectory(path)
  if (fileExists(path))
    closeAfter(open(path, readingMode(path)), (handle) => refuseOtherFormats(handle, path))
  return createFileStore(path)
}

export function openMemoryStore(): Store {
  let handle = openMemory()
  return {
    path: ':memory:',
    exists: () => true,
    read: (work) => work(handle),
    write: async (work) => {
      try {
        return await work(handle)
      } finally {
        // What a new connection is to a file: the content goes on, the connection's state does not.
        const used = handle
        if (used.inTransaction) used.exec('rollback')
        handle = openMemory(copyMemory(used))
        used.close()
      }
    },
    [Symbol.dispose]: () => handle.close(),
  }
}

function createFileStore(path: string): Store {
  return {
    path,
    exists: () => fileExists(path),
    read: (work) => closeAfterAsync(open(path, readingMode(path)), work),
    write: (work) => closeAfterAsync(open(path, 'write'), work),
    [Symbol.dispose]: () => {},
  }
}

/**
 * A read-only connection to a WAL database creates `-wal` and `-shm` where they are missing and leaves them behind, and
 * it cannot roll back what a killed process left in the journal. So where we may write, a connection that could write
 * but is forbidden to (`pragma query_only`) reads and leaves the folder as it was. Only while a `-wal` is there is the
 * read-only one better: the last connection that could write would fold that file into the database.
 * https://www.sqlite.org/wal.html#read_only_databases
 */
function readingMode(path: string): OpenMode {
  return canWrite(path) && !fileExists(`${realpathSync(path)}-wal`) ? 'query' : 'read'
}

function open(path: string, mode: OpenMode): Handle {
  try {
    return openFile(path, mode)
  } catch (error) {
    throw explainOpening(error, path)
  }
}

/** SQLite opens any file and looks at its content with the first read. */
function refuseOtherFormats(handle: Handle, path: string): void {
  try {
    runStatement(handle, 'pragma schema_version')
  } catch (error) {
    // Whoever locks it takes it for a database.
    if (sqliteCodeOf(error)?.startsWith('SQLITE_BUSY') !== true) throw explainOpening(error, path)
  }
}

function explainOpening(error: unknown, path: string): unknown {
  const code = sqliteCodeOf(error) ?? ''
  if (code === 'SQLITE_NOTADB')
    return new SlipwayError('bad-url', `${path} is not a SQLite database`, {
      hint: 'point the URL at a SQLite file, or at a file that does not exist yet',
      sqlstate: code,
      cause: error,
    })
  if (code.startsWith('SQLITE_CORRUPT'))
    return new SlipwayError('bad-url', `${path} is damaged: ${messageOf(error)}`, {
      hint: 'restore it from a backup',
      sqlstate: code,
      cause: error,
    })
  if (/^SQLITE_(?:CANTOPEN|READONLY|PERM)/.test(code)) return explainDenial(code, error, path)
  return error
}

function explainDenial(code: string, error: unknown, path: string): SlipwayError {
  const why =
    code === 'SQLITE_READONLY_ROLLBACK'
      ? 'a process died in the middle of a transaction, and undoing it needs the right to write'
      : 'SQLite could not open it, or the files it keeps beside it (-wal, -shm, -journal)'
  const access = `${describeAccess(path)}, ${describeAccess(dirname(path))}; ${describeUser()}`
  return notWritable(`cannot open ${path}: ${why}; ${access}`, error)
}

function closeAfter<T>(handle: Handle, work: (handle: Handle) => T): T {
  try {
    return work(handle)
  } finally {
    handle.close()
  }
}

async function closeAfterAsync<T>(handle: Handle, work: (handle: Handle) => Promise<T>): Promise<T> {
  try {
    return await work(handle)
  } finally {
    handle.close()
  }
}
