/** Sends statements so that an error can be explained later. */
import type { Row } from '../dialect.ts'
import { type Handle, runStatement } from './driver.ts'
import { rememberStatement } from './errors.ts'
import { findSyntaxError } from './syntax.ts'
import { toSqliteValues } from './values.ts'

/** One statement, and the UTF-16 offset at which it begins in the text that the caller sent: 0 when it is that text. */
export interface SentStatement {
  readonly text: string
  readonly sentAt: number
}

/** Runs one statement. Its errors are SQLite's own; explainSqlite knows where in the statement they are. */
export function sendStatement(
  handle: Handle,
  { text, sentAt }: SentStatement,
  values: readonly unknown[] = [],
): Row[] {
  const bound = toSqliteValues(values)
  try {
    return runStatement(handle, text, bound)
  } catch (error) {
    rememberStatement(error, { text, offset: sentAt, position: findSyntaxError(text, error) })
    throw error
  }
}
