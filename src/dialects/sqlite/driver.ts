/** The one place that knows better-sqlite3: how a database is opened and how a statement is sent. */
import { hash } from 'node:crypto'
import BetterSqlite3 from 'better-sqlite3'
import type { Row } from '../dialect.ts'
import { fromSqliteRow, type SqliteValue } from './values.ts'

export type Handle = BetterSqlite3.Database

/**
 * `create` makes the file if need be; `write` wants it to exist; `read` cannot write; `query` opens it for writing and
 * then forbids every change (`pragma query_only`), which lets SQLite clean up after itself: see store.ts.
 */
export type OpenMode = 'create' | 'write' | 'read' | 'query'

/**
 * Opens a file. No busy timeout: the driver would block the process, signals included, while SQLite waits; see
 * retryWhileBusy. Throws what SQLite says (SQLITE_CANTOPEN …).
 */
export function openFile(path: string, mode: OpenMode): Handle {
  const handle = new BetterSqlite3(path, {
    timeout: 0,
    readonly: mode === 'read',
    fileMustExist: mode !== 'create',
  })
  if (mode === 'query') handle.exec('pragma query_only = on')
  return prepare(handle)
}

/** Of texts in their order: equal for equal ones. An aggregate of ours, since SQLite has no hash. */
export const printFunction = 'slipway_print'

function prepare(handle: Handle): Handle {
  handle.aggregate(printFunction, {
    start: '',
    step: (print, value) => hash('sha256', `${print} ${String(value)}`),
    directOnly: true,
  })
  return handle.defaultSafeIntegers(true)
}

/** A database in memory: empty, or with the content that `copyMemory` took of another. */
export function openMemory(image?: Uint8Array): Handle {
  const handle =
    image === undefined
      ? new BetterSqlite3(':memory:')
      : new BetterSqlite3(Buffer.from(image.buffer, image.byteOffset, image.byteLength))
  return prepare(handle)
}

/** The content of a database as bytes; https://www.sqlite.org/c3ref/serialize.html */
export function copyMemory(handle: Handle): Uint8Array {
  return new Uint8Array(handle.serialize())
}

/** Runs ONE statement to its end. Throws SqliteError, or RangeError for a wrong number of values. */
export function runStatement(handle: Handle, text: string, values: readonly SqliteValue[] = []): Row[] {
  const statement = handle.prepare<SqliteValue[], Row>(text)
  if (statement.reader) return statement.all(...values).map(fromSqliteRow)
  statement.run(...values)
  return []
}

/** Compiles one statement and runs nothing. Returns the error SQLite has for it, if any. */
export function compileStatement(handle: Handle, text: string): Error | undefined {
  try {
    handle.prepare(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** The same, with values as the driver has them: an integer stays a bigint, however small. */
export function runRaw(
  handle: Handle,
  text: string,
  values: readonly SqliteValue[] = [],
): Record<string, SqliteValue>[] {
  return handle.prepare<SqliteValue[], Record<string, SqliteValue>>(text).all(...values)
}

/** SQLite's own version, `3.54.1`. */
export function readVersion(): string {
  const handle = openMemory()
  try {
    return String(runStatement(handle, 'select sqlite_version() as version')[0]?.version)
  } finally {
    handle.close()
  }
}
