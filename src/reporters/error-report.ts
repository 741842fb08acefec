/** How an error is told when no run began, so that no reporter exists: usage, configuration. */
import type { Config } from '../config/config.ts'
import { errorTable, isSlipwayError } from '../errors.ts'
import type { Redactor } from '../redact.ts'
import { toErrorFields } from './error-fields.ts'
import { createPaint } from './paint.ts'
import { toPlainData } from './plain-data.ts'
import { errorLines, hintOf, nextLine } from './pretty-error.ts'

export interface ErrorReportOptions {
  readonly format: Config['logFormat']
  readonly colors: boolean
  readonly redact: Redactor
  /** With `debug` stack traces are shown. */
  readonly level: Config['logLevel']
  readonly verb?: string | undefined
  readonly now?: () => Date
}

/** The text to write to stderr, its last newline included. Takes anything that was thrown. */
export function errorReport(error: unknown, options: ErrorReportOptions): string {
  return options.format === 'json' ? jsonReport(error, options) : prettyReport(error, options)
}

function prettyReport(error: unknown, { colors, redact, level }: ErrorReportOptions): string {
  const style = { paint: createPaint(colors), redact, debug: level === 'debug' }
  const hint = isSlipwayError(error) ? hintOf(error) : errorTable.bug.hint
  return [...errorLines(error, style), nextLine(hint, style), ''].join('\n')
}

/** One line with the names that JSON log lines have. */
function jsonReport(
  error: unknown,
  { redact, level, verb, now = () => new Date() }: ErrorReportOptions,
): string {
  const fields = toErrorFields(error, { stack: level === 'debug' })
  const line = { level: 'error', time: now(), verb, event: 'error', error: fields, msg: fields.message }
  return `${JSON.stringify(toPlainData(line, { redact, keys: 'own' }))}\n`
}
