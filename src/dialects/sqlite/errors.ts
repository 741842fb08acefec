/** What an error from SQLite means to the engine. */
import { messageOf } from '../../errors.ts'
import { SqlSyntaxError } from '../../sql/statement.ts'
import { type Fault, type FaultKind, StatementError } from '../dialect.ts'
import { findNamedToken } from './error-position.ts'

/** The statement an error belongs to, kept beside the error: foreign errors are never changed. */
interface FailedStatement {
  readonly text: string
  /** UTF-16 offset of `text` in what the caller sent. */
  readonly offset: number
  /** UTF-16 offset into `text`, where it is known. */
  readonly position: number | undefined
}

const failedStatements = new WeakMap<Error, FailedStatement>()

/** Tells `explainSqlite` later which statement `error` belongs to. */
export function rememberStatement(error: unknown, statement: FailedStatement): void {
  if (error instanceof Error && !failedStatements.has(error)) failedStatements.set(error, statement)
}

/** `SQLITE_BUSY` and the like, extended codes included; undefined for other errors. https://www.sqlite.org/rescode.html */
export function sqliteCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'SqliteError') return undefined
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** See Dialect.explain. `sqlstate` is SQLite's name of the result code; the driver tells no position, so it is looked for. */
export function explainSqlite(thrown: unknown): Fault {
  const error = thrown instanceof StatementError ? thrown.cause : thrown
  if (error instanceof SqlSyntaxError) return explainSyntaxError(error)
  const message = messageOf(error)
  const failed = error instanceof Error ? failedStatements.get(error) : undefined
  const sqlstate = sqliteCodeOf(error)
  const kind = sqlstate !== undefined ? kindOf(sqlstate) : failed !== undefined ? 'statement' : 'other'
  const position = failed === undefined ? undefined : positionIn(failed, message)
  return {
    kind,
    message,
    ...(sqlstate === undefined ? {} : { sqlstate }),
    ...(position === undefined ? {} : { position }),
  }
}

function explainSyntaxError({ message, offset, hint }: SqlSyntaxError): Fault {
  return {
    kind: 'statement',
    message,
    ...(offset === undefined ? {} : { position: offset }),
    ...(hint === undefined ? {} : { hint }),
  }
}

function positionIn(failed: FailedStatement, message: string): number | undefined {
  const position = failed.position ?? findNamedToken(failed.text, message)
  return position === undefined ? undefined : failed.offset + position
}

/** Primary codes; an extended code is its primary code, an underscore, and more. */
const kinds: readonly (readonly [code: string, kind: FaultKind])[] = [
  ['SQLITE_BUSY', 'retryable'],
  // A race between connections that open or recover a WAL; passes by itself.
  ['SQLITE_PROTOCOL', 'retryable'],
  ['SQLITE_READONLY', 'not-writable'],
  ['SQLITE_CANTOPEN', 'not-writable'],
  ['SQLITE_PERM', 'not-writable'],
  ['SQLITE_FULL', 'disk-full'],
  ['SQLITE_INTERRUPT', 'cancelled'],
]

function kindOf(sqlstate: string): FaultKind {
  const known = kinds.find(([code]) => sqlstate === code || sqlstate.startsWith(`${code}_`))
  return known?.[1] ?? 'statement'
}
