/** An error as plain data: the same names in JSON lines, `--json` results, reports and the termination message. */
import { exitCodes, isSlipwayError, messageOf } from '../errors.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'

/**
 * `file`, `line` and `column` (1-based) say where; `detail`, `serverHint` and `context` are the server's own lines;
 * `hint` is ours: what to type next. Absent fields are left out when serialised.
 */
export interface ErrorFields {
  readonly code: string
  readonly exitCode: number
  readonly message: string
  readonly hint?: string | undefined
  readonly migration?: string | undefined
  readonly tenant?: string | undefined
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
  readonly excerpt?: string | undefined
  readonly sqlstate?: string | undefined
  readonly detail?: string | undefined
  readonly serverHint?: string | undefined
  readonly context?: string | undefined
  readonly statement?: { readonly index: number; readonly total: number } | undefined
  /** Last lines that a hook's command printed. */
  readonly output?: string | undefined
  readonly reasons?: readonly ErrorFields[] | undefined
  /** Left out of a line of the log. */
  readonly moreReasons?: number | undefined
  /** Only at log level debug. */
  readonly stack?: string | undefined
}

/** What was thrown as fields; anything but a SlipwayError is `code: 'bug'`. Not redacted yet. */
export function toErrorFields(error: unknown, options: { readonly stack: boolean }): ErrorFields {
  const stack = options.stack ? stackOf(error) : undefined
  if (!isSlipwayError(error)) {
    return { code: 'bug', exitCode: exitCodes.bug, message: messageOf(error), stack }
  }
  const { tenant, location, reasons, migration, sqlstate, detail, serverHint, context, statement, output } =
    error.facts
  return {
    code: error.code,
    exitCode: error.exitCode,
    message: error.message,
    hint: withTypedFlags(error.hint),
    migration,
    tenant,
    file: location?.file,
    line: location?.line,
    column: location?.column,
    excerpt: location?.excerpt,
    sqlstate,
    detail,
    serverHint,
    context,
    statement,
    output,
    reasons: reasons?.map((reason) => toErrorFields(reason, options)),
    stack,
  }
}

function stackOf(error: unknown): string | undefined {
  const origin = isSlipwayError(error) ? (error.cause ?? error) : error
  return origin instanceof Error ? origin.stack : undefined
}
