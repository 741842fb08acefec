/** The one error that slipway throws on purpose, made from the table of error-table.ts. */
import { type ErrorCode, type ExitCode, errorTable } from './error-table.ts'

export { type ErrorCode, type ExitCode, errorTable, exitCodes } from './error-table.ts'

/** Where in a file an error is, 1-based; `excerpt` is the text to print below the message, caret included. */
export interface SourceLocation {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly excerpt?: string
}

export interface ErrorFacts {
  /** Replaces the table's hint: the next command to type. */
  readonly hint?: string
  readonly migration?: string
  readonly location?: SourceLocation
  /** Five-character code; https://www.postgresql.org/docs/current/errcodes-appendix.html, or SQLite's result code name. */
  readonly sqlstate?: string
  /** The server's own DETAIL, HINT and CONTEXT lines. */
  readonly detail?: string
  readonly serverHint?: string
  readonly context?: string
  /** 1-based number of the failing statement, and how many the migration has. */
  readonly statement?: { readonly index: number; readonly total: number }
  readonly cause?: unknown
  /** Further reasons, each an error of its own: a refusal names them all. */
  readonly reasons?: readonly SlipwayError[]
}

/** The only error slipway throws on purpose. Foreign errors are its `cause`, never changed. */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError'
  readonly code: ErrorCode
  readonly exitCode: ExitCode
  readonly hint: string
  readonly facts: ErrorFacts

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.exitCode = errorTable[code].exit
    this.hint = facts.hint ?? errorTable[code].hint
    this.facts = facts
  }
}

export function isSlipwayError(value: unknown): value is SlipwayError {
  return value instanceof SlipwayError
}

/** Whatever was thrown (a string, null, an Error) as one line of text. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message
  if (typeof thrown === 'string') return thrown
  try {
    return JSON.stringify(thrown) ?? String(thrown)
  } catch {
    return String(thrown)
  }
}
