/** An error for a person: what, where, what the server said, every reason, and (by the caller) what to type next. */
import { isSlipwayError, messageOf, type SlipwayError } from '../errors.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
import type { Redactor } from '../redact.ts'
import { visibleText } from '../text/visible-text.ts'
import type { Paint } from './paint.ts'
import { clipToWidth } from './text-width.ts'

export interface ErrorStyle {
  readonly paint: Paint
  readonly redact: Redactor
  /** Stack traces are shown. */
  readonly debug: boolean
}

/** Lines without the final `next:`; the first begins with `✗ `. Never throws, whatever was thrown. */
export function errorLines(error: unknown, style: ErrorStyle): string[] {
  if (!isSlipwayError(error)) return bugLines(error, style)
  return [...headLines(error, style), ...bodyLines(error, error.hint, style), ...stackLines(error, style)]
}

/** The same without its mark, for use below a line that has one. */
export function errorDetailLines(error: SlipwayError, style: ErrorStyle): string[] {
  const message = messageLines(error, style).map((line) => style.paint('bad', line))
  return indent([...message, ...dedent(bodyLines(error, error.hint, style)), ...stackLines(error, style)])
}

/** `next: slipway status`, with what has to be typed again. */
export function nextLine(hint: string, style: ErrorStyle): string {
  return `${style.paint('strong', 'next:')} ${clean(withTypedFlags(hint), style)}`
}

/** The hint an error ends with. Several reasons that share one cure end with that cure. */
export function hintOf(error: SlipwayError): string {
  const hints = new Set((error.facts.reasons ?? []).map((reason) => reason.hint))
  const [only] = hints
  return hints.size === 1 && only !== undefined ? only : error.hint
}

function headLines(error: SlipwayError, style: ErrorStyle): string[] {
  const [first = '', ...rest] = messageLines(error, style)
  const mark = style.paint('bad', error.code === 'bug' ? '✗ bug in slipway:' : '✗')
  return [`${mark} ${style.paint('bad', first)}`, ...indent(rest)]
}

/** Several reasons follow with all they have to say; the message's own list of them would say it twice. */
function messageLines(error: SlipwayError, style: ErrorStyle): string[] {
  const lines = splitLines(error.message, style)
  return (error.facts.reasons?.length ?? 0) > 1 ? lines.slice(0, 1) : lines
}

function bodyLines(error: SlipwayError, finalHint: string, style: ErrorStyle): string[] {
  const { facts } = error
  const lines = [
    ...locationLines(error, style),
    ...codeLine(error, style),
    ...labelled('DETAIL', facts.detail, style),
    ...labelled('HINT', facts.serverHint, style),
    ...labelled('CONTEXT', facts.context, style),
    ...reasonLines(error, finalHint, style),
  ]
  return indent(lines)
}

function locationLines(error: SlipwayError, style: ErrorStyle): string[] {
  const { location, migration } = error.facts
  if (location === undefined) {
    if (migration === undefined || error.message.includes(migration)) return []
    return [`in ${clean(migration, style)}`]
  }
  const place = [location.file, location.line, location.column].filter((part) => part !== undefined).join(':')
  const shown = style.paint('faint', `at ${clean(place, style)}`)
  if (location.excerpt === undefined) return [shown]
  return [shown, '', ...excerptLines(location.excerpt, style), '']
}

/** Very long source lines are cut: a minified line must not push the message off the screen. */
function excerptLines(excerpt: string, style: ErrorStyle): string[] {
  const lines = splitLines(excerpt.replace(/\n+$/, ''), style)
  return indent(lines.map((line) => clipToWidth(line, 200)))
}

function codeLine(error: SlipwayError, style: ErrorStyle): string[] {
  const { sqlstate, statement } = error.facts
  const parts: string[] = []
  if (sqlstate !== undefined)
    parts.push(isSqlstate(sqlstate) ? `SQLSTATE ${sqlstate}` : clean(sqlstate, style))
  if (statement !== undefined) parts.push(`statement ${statement.index} of ${statement.total}`)
  return parts.length === 0 ? [] : [parts.join(', ')]
}

/** SQLite gives a result code's name (`SQLITE_CONSTRAINT`) in its place. */
function isSqlstate(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code)
}

function labelled(label: string, text: string | undefined, style: ErrorStyle): string[] {
  if (text === undefined || text.trim() === '') return []
  const [first = '', ...rest] = splitLines(text.trimEnd(), style)
  const gutter = label.padEnd(9)
  return [`${style.paint('faint', gutter)}${first}`, ...rest.map((line) => ' '.repeat(gutter.length) + line)]
}

function reasonLines(error: SlipwayError, finalHint: string, style: ErrorStyle): string[] {
  const reasons = error.facts.reasons ?? []
  const [only] = reasons
  if (reasons.length === 1 && only !== undefined && only.message === error.message) {
    const isShown = only.facts.location !== undefined && only.facts.location === error.facts.location
    return isShown ? [] : dedent(bodyLines(only, finalHint, style))
  }
  const shared = hintOf(error)
  return reasons.flatMap((reason) => [
    ...headLines(reason, style),
    ...bodyLines(reason, finalHint, style),
    ...(reason.hint === shared ? [] : indent([nextLine(reason.hint, style)])),
  ])
}

function bugLines(error: unknown, style: ErrorStyle): string[] {
  const [first = '', ...rest] = splitLines(messageOf(error), style)
  return [`${style.paint('bad', `✗ bug in slipway: ${first}`)}`, ...indent(rest), ...stackLines(error, style)]
}

function stackLines(error: unknown, style: ErrorStyle): string[] {
  const isBug = !isSlipwayError(error) || error.code === 'bug'
  if (!style.debug) {
    return isBug ? [style.paint('faint', '  set LOG_LEVEL=debug and run it again to see where')] : []
  }
  const lines = stacksOf(error).flatMap((stack) => splitLines(stack, style))
  return indent(lines).map((line) => style.paint('faint', line))
}

/** The error's own stack and those of its causes, outermost first; a chain is followed ten deep. */
function stacksOf(error: unknown): string[] {
  const stacks: string[] = []
  for (let link: unknown = error; link instanceof Error && stacks.length < 10; link = link.cause)
    stacks.push((stacks.length === 0 ? '' : 'caused by ') + (link.stack ?? messageOf(link)))
  return stacks
}

function clean(text: string, style: ErrorStyle): string {
  return visibleText(style.redact(text))
}

function splitLines(text: string, style: ErrorStyle): string[] {
  return clean(text, style).split('\n')
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`))
}

function dedent(lines: readonly string[]): string[] {
  return lines.map((line) => (line.startsWith('  ') ? line.slice(2) : line))
}
