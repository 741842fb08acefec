/** Lines for a person: one per event worth it, a live line for what is running. */
import { SlipwayError } from '../errors.ts'
import type { RunEvent } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { visibleText } from '../text/visible-text.ts'
import { activityOf, endsActivity } from './activities.ts'
import { describeAhead, describeEvent, type Told } from './describe-event.ts'
import { type EventLevel, isLoudEnough, type LogLevel, levelOf } from './event-level.ts'
import { createPaint, type Paint, type Tone } from './paint.ts'
import { type ErrorStyle, errorDetailLines, errorLines, hintOf, nextLine } from './pretty-error.ts'
import { createProgress, type OutputStream, type Progress } from './progress.ts'
import type { Reporter } from './reporter.ts'
import { createRetryFilter } from './retry-filter.ts'
import { createRunMemories, type RunMemories, type RunMemory } from './run-memory.ts'
import { createTenantTally, type TenantTally } from './tenant-tally.ts'
import { padToWidth, textWidth } from './text-width.ts'

export interface PrettyOptions {
  readonly stream: OutputStream
  readonly live: boolean
  readonly colors: boolean
  readonly level: LogLevel
  readonly redact: Redactor
  readonly now: () => Date
  /** Says what it does and how it went; a verb whose result is on stdout only tells trouble. */
  readonly narrate: boolean
}

interface Printer {
  readonly options: PrettyOptions
  readonly memories: RunMemories
  readonly tally: TenantTally
  readonly progress: Progress
  readonly paint: Paint
  readonly style: ErrorStyle
  readonly isWorthALine: (event: RunEvent) => boolean
}

/** `memory` is that of the tenant, where the event is about one. */
interface Teller extends Printer {
  readonly memory: RunMemory
}

export function createPrettyReporter(options: PrettyOptions): Reporter {
  const paint = createPaint(options.colors)
  const memories = createRunMemories()
  const printer: Printer = {
    options,
    paint,
    memories,
    tally: createTenantTally(options.redact),
    progress: createProgress(options),
    style: { paint, redact: options.redact, debug: options.level === 'debug' },
    isWorthALine: createLineFilter(options, memories.run),
  }
  return { listen: (event) => tell(event, printer), close: () => printer.progress.close() }
}

function tell(event: RunEvent, printer: Printer): void {
  const { memories, options, progress, tally } = printer
  const memory = memories.remember(event)
  const lines = printer.isWorthALine(event) ? linesOf(event, { ...printer, memory }) : []
  const isOneOfMany = event.tenant !== undefined
  tally.listen(event)
  if (!isOneOfMany && endsActivity(event)) progress.end()
  if (lines.length > 0) progress.print(lines)
  const activity = isOneOfMany
    ? undefined
    : (tally.activityOf(event) ?? activityOf(event, memory, options.redact))
  if (activity !== undefined && isLoudEnough('info', options.level)) progress.begin(activity)
}

function createLineFilter(options: PrettyOptions, memory: RunMemory): (event: RunEvent) => boolean {
  const isNewRetry = createRetryFilter()
  const isNewPlan = createPlanFilter()
  const debug = options.level === 'debug'
  return (event) => {
    // The live line and its beats tell of it.
    if (
      event.type === 'progress' ||
      (isOneStep(event) && !debug) ||
      !isLoudEnough(levelOf(event), options.level)
    )
      return false
    if (debug) return true
    switch (event.type) {
      case 'connected':
      case 'lock-acquired':
        return event.waitedMs >= 1000
      case 'step-started':
        return event.action === 'resume'
      case 'step-retrying':
        return isNewRetry(event)
      case 'planned':
        return isNewPlan(event) && (event.ahead.length > 0 || (options.narrate && event.steps.length > 0))
      // The plan has named them already.
      case 'warning':
        return event.code !== 'ahead' || memory.ahead.length === 0
      case 'run-started':
        return options.narrate
      case 'run-finished':
        return options.narrate || event.outcome.error !== undefined
      default:
        return true
    }
  }
}

/** A plan made before the lock and again under it is told once. */
function createPlanFilter(): (event: Extract<RunEvent, { type: 'planned' }>) => boolean {
  let last = ''
  return (event) => {
    const plan = JSON.stringify([event.applied, event.ahead, event.steps.map((step) => step.name)])
    const isNew = plan !== last
    last = plan
    return isNew
  }
}

function linesOf(event: RunEvent, printer: Teller): string[] {
  const { memory, options, style } = printer
  const told = describeEvent(event, { memory, now: options.now(), redact: options.redact })
  switch (event.type) {
    case 'planned':
      return planLines(event, told, printer)
    case 'step-finished':
      return [markedLine(event.action === 'skip' ? 'skip' : 'done', alignName(told, memory), printer)]
    case 'hook-finished':
      return [markedLine(event.failed ? 'failed' : 'done', told, printer)]
    case 'step-failed':
      memory.told = event.error
      if (event.error.code === 'out-of-time') return [markedLine('caution', told, printer)]
      return [markedLine('failed', told, printer), ...errorDetailLines(event.error, style)]
    case 'run-finished':
      return endingLines(event, told, printer)
    default:
      return [markedLine(markOf(event), told, printer)]
  }
}

function planLines(event: Extract<RunEvent, { type: 'planned' }>, told: Told, printer: Teller): string[] {
  if (event.ahead.length === 0) return [markedLine('note', told, printer)]
  const ahead = { text: printer.options.redact(describeAhead(event.ahead)) }
  const together = event.together === true ? ' in one transaction' : ''
  const counts = `${event.applied} applied, ${event.steps.length} to run${together}`
  const plan = event.steps.length === 0 ? [] : [markedLine('note', { text: counts }, printer)]
  return [markedLine('caution', ahead, printer), ...plan]
}

function endingLines(
  event: Extract<RunEvent, { type: 'run-finished' }>,
  told: Told,
  printer: Teller,
): string[] {
  const { error, exitCode, tenants } = event.outcome
  if (exitCode === 0) return [markedLine('done', told, printer)]
  if (tenants !== undefined && error !== undefined) return tenantsEnding(error, told, printer)
  // The error of a tenant is the one that was told, with its name.
  const { told: seen } = printer.memory
  const unseen = error !== undefined && (seen === undefined || (seen !== error && seen !== error.cause))
  const lines = unseen ? errorLines(nameTenant(error, event), printer.style) : []
  lines.push(markedLine('stop', told, printer))
  if (error !== undefined) lines.push(nextLine(hintOf(error), printer.style))
  return lines
}

function nameTenant(error: SlipwayError, { tenant }: RunEvent): SlipwayError {
  if (tenant === undefined) return error
  return new SlipwayError(error.code, `${tenant}: ${error.message}`, error.facts)
}

/** What each had to say was said when it failed: here one line each. */
function tenantsEnding(error: SlipwayError, told: Told, printer: Teller): string[] {
  const [first = '', ...rest] = visibleText(printer.options.redact(error.message)).split('\n')
  const lines = [first, ...rest.map((line) => `  ${line}`)].map((line) => printer.paint('bad', line))
  return [
    `${printer.paint('bad', '✗')} ${lines.join('\n')}`,
    markedLine('stop', told, printer),
    nextLine(error.hint, printer.style),
  ]
}

/** Of many tenants only how each one ended is worth a line. */
function isOneStep(event: RunEvent): boolean {
  return event.tenant !== undefined && (event.type === 'step-finished' || event.type === 'planned')
}

type Mark = 'done' | 'failed' | 'caution' | 'wait' | 'note' | 'skip' | 'stop'

const marks: Record<Mark, { readonly sign: string; readonly tone: Tone; readonly text: Tone }> = {
  done: { sign: '✓ ', tone: 'good', text: 'plain' },
  failed: { sign: '✗ ', tone: 'bad', text: 'strong' },
  caution: { sign: '! ', tone: 'caution', text: 'caution' },
  wait: { sign: '… ', tone: 'faint', text: 'plain' },
  note: { sign: '· ', tone: 'faint', text: 'faint' },
  skip: { sign: '- ', tone: 'faint', text: 'faint' },
  stop: { sign: '', tone: 'plain', text: 'strong' },
}

function markOf(event: RunEvent): Mark {
  const level: EventLevel = levelOf(event)
  if (level === 'warn') return 'caution'
  return event.type === 'waiting-for-database' || event.type === 'waiting-for-lock' ? 'wait' : 'note'
}

/** Further lines of a message stand below its first, so that none can pass for a line of ours. */
function markedLine(mark: Mark, told: Told, { paint }: Printer): string {
  const { sign, tone, text } = marks[mark]
  const body = visibleText(told.text).replaceAll('\n', `\n${' '.repeat(sign.length)}`)
  const aside = told.aside === undefined ? '' : `  ${paint('faint', told.aside)}`
  return `${paint(tone, sign)}${paint(text, body)}${aside}`
}

/** Durations of one run line up, unless a name is very long. */
function alignName(told: Told, memory: RunMemory): Told {
  const widest = Math.max(0, ...memory.steps.map((step) => textWidth(step.name)))
  return { ...told, text: padToWidth(told.text, Math.min(widest, 60)) }
}
