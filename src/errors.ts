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

/** What is known besides the message, as far as it is known. */
export interface ErrorFacts {
  /** Replaces the table's hint: the next command to type. */
  readonly hint?: string
  readonly migration?: string
  /** Of many, the one that failed. */
  readonly tenant?: string
  readonly location?: SourceLocation
  /** Five-character code; https://www.postgresql.org/docs/current/errcodes-appendix.html, or SQLite's result code name. */
  readonly sqlstate?: string
  /** The server's own DETAIL, HINT and CONTEXT lines. */
  readonly detail?: string
  readonly serverHint?: string
  readonly context?: string
  /** 1-based number of the failing statement, and how many the migration has. */
  readonly statement?: { readonly index: number; readonly total: number }
  /** Last lines that a hook's command printed. */
  readonly output?: string
  readonly cause?: unknown
  /** Further reasons, each an error of its own: a refusal names them all. */
  readonly reasons?: readonly SlipwayError[]
}

/** How far a run came: names of migrations, in the order of the run. */
export interface RunProgress {
  /** Committed, as history says. */
  readonly applied: readonly string[]
  /** Recorded without running: not for this kind of database. */
  readonly skipped: readonly string[]
  /** Of what this run was to apply: not done. */
  readonly pending: readonly string[]
  /** Applied by a newer image, unknown here. */
  readonly ahead: readonly string[]
}

/** The only error slipway throws on purpose. Foreign errors are its `cause`, never changed. */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError'
  /** What happened: see docs/errors.md. Stable within a major version. */
  readonly code: ErrorCode
  /** What the command line would exit with. */
  readonly exitCode: ExitCode
  /** What to do next, often a command. */
  readonly hint: string
  /** Where, and what the database said. */
  readonly facts: ErrorFacts
  /** From a library's `up` and its like: what was done before this. */
  progress?: RunProgress

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
