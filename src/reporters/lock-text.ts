/** `slipway unlock` for a person: who holds the run lock. Pure; the caller redacts and writes. */
import type { LockHolder } from '../events.ts'
import { noRedaction, type Redactor } from '../redact.ts'
import { describeHolder, shortenStatement } from '../text/describe-holder.ts'
import { formatDuration, formatInstant } from '../text/format-time.ts'
import { oneLine } from '../text/visible-text.ts'
import { createPaint } from './paint.ts'
import { nextLine } from './pretty-error.ts'
import { describeDatabase, joinGroups } from './result-lines.ts'
import type { DatabaseFacts, TextOptions } from './results.ts'
import { tableLines } from './table.ts'

export interface LockResult extends DatabaseFacts {
  readonly holder: LockHolder | undefined
  /** The database's clock. */
  readonly now: Date
  /** What ends the holder. */
  readonly remedy: string | undefined
}

export interface LockTextOptions extends TextOptions {
  readonly redact: Redactor
}

export function lockText(result: LockResult, { colors, redact }: LockTextOptions): string {
  const paint = createPaint(colors)
  const what = `the run lock of ${result.historyTable} on ${describeDatabase(result)}`
  const { holder, remedy } = result
  if (holder === undefined) return `${what} is free`
  const style = { paint, redact: noRedaction, debug: false }
  return joinGroups([
    [`${what} is held`, ...tableLines(holderRows(holder, result.now, redact))],
    remedy === undefined ? [] : [nextLine(remedy, style)],
  ])
}

export function freedText(
  ended: boolean,
  { holder, next, now }: { holder: LockHolder; next: LockHolder | undefined; now: Date },
  redact: Redactor,
): string {
  const who = `pid ${holder.pid ?? 'unknown'}`
  const what = ended ? `${who} was ended` : `${who} had let go of the run lock already`
  if (next === undefined) return `${what}; the run lock is free`
  return `${what}; the run lock is now held by ${describeHolder(next, now, redact)}`
}

function holderRows(holder: LockHolder, now: Date, redact: Redactor): string[][] {
  const rows: [string, string | undefined][] = [
    [
      '  pid',
      holder.pid === undefined ? 'unknown: not of this machine, or hidden from it' : String(holder.pid),
    ],
    ['  application', known(holder.applicationName, redact)],
    ['  host', known(holder.clientAddress, redact)],
    ['  since', holder.since && `${formatInstant(holder.since)}, for ${formatAge(holder.since, now)}`],
    ['  state', describeState(holder, now, redact)],
    [holder.state === 'active' ? '  statement' : '  last statement', statementOf(holder, redact)],
  ]
  return rows.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]))
}

function known(value: string | undefined, redact: Redactor): string | undefined {
  return value === undefined || value === '' ? undefined : oneLine(redact(value), 100)
}

function describeState({ state, stateSince }: LockHolder, now: Date, redact: Redactor): string | undefined {
  const shown = known(state, redact)
  return shown === undefined || stateSince === undefined
    ? shown
    : `${shown}, for ${formatAge(stateSince, now)}`
}

function statementOf({ statement }: LockHolder, redact: Redactor): string | undefined {
  return statement === undefined || statement === '' ? undefined : shortenStatement(statement, redact)
}

function formatAge(since: Date, now: Date): string {
  return formatDuration(now.getTime() - since.getTime())
}
