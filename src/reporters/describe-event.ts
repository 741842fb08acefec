/** Every event as one line of words: what the pretty reporter prints and what JSON lines carry as `msg`. */
import { inspect } from 'node:util'
import type { LockHolder, RunEvent } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { describeHolder } from '../text/describe-holder.ts'
import { formatDuration, formatElapsed } from '../text/format-time.ts'
import { oneLine } from '../text/visible-text.ts'
import { countOf, listNames } from './count-of.ts'
import { describeEnding } from './describe-ending.ts'
import { dialectLabel } from './dialect-label.ts'
import { toPlainData } from './plain-data.ts'
import { describeProgress } from './progress-text.ts'
import type { RunMemory } from './run-memory.ts'

export interface Telling {
  readonly memory: RunMemory
  readonly now: Date
  readonly redact: Redactor
}

/** `text` says what happened; `aside` is a figure that belongs to it (a duration). Neither holds a secret known to `redact`. */
export interface Told {
  readonly text: string
  readonly aside?: string
}

type EventOf<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>

export function describeEvent(event: RunEvent, telling: Telling): Told {
  const told = describe(event, telling)
  const text = event.tenant === undefined ? told.text : `${oneLine(event.tenant, 100)}: ${told.text}`
  return { ...told, text: telling.redact(text) }
}

function describe(event: RunEvent, telling: Telling): Told {
  switch (event.type) {
    case 'run-started':
      return { text: `${event.verb} on ${event.database}, migrations from ${event.dir}` }
    case 'waiting-for-database':
      return { text: describeWait(event, telling) }
    case 'connected':
      return {
        text: `connected to ${dialectLabel(event.dialect)} ${event.serverVersion}${describeConnection(event)}`,
        ...afterWait(event.waitedMs),
      }
    case 'tenants-found':
      return { text: describeTenants(event) }
    case 'waiting-for-lock':
      return {
        text: `the run lock is held by ${describeHolder(event.holder, telling.now, telling.redact)}`,
        aside: patience(event),
      }
    case 'lock-acquired':
      return { text: 'got the run lock', ...afterWait(event.waitedMs) }
    case 'warning':
    case 'notice':
      return { text: withName(event.migration, event.message) }
    case 'planned':
      return { text: describePlan(event) }
    case 'step-started':
      return { text: `${event.name} ${startVerbs[event.action]}` }
    case 'statement-finished':
      return {
        text: `${event.name}: statement ${event.index} of ${event.total}`,
        aside: formatDuration(event.durationMs),
      }
    case 'statement-echo':
      return {
        text: `${event.name}: ${event.text}`,
        ...(event.failed ? { aside: 'failed' } : timed(event.durationMs)),
      }
    case 'step-retrying':
      return { text: describeRetry(event, telling) }
    case 'step-finished':
      return describeFinish(event)
    case 'progress':
      return { text: `${event.name}: ${describeProgress(event)}` }
    case 'step-failed': {
      const how = event.error.code === 'out-of-time' ? 'stopped' : 'failed'
      return { text: event.name, aside: `${how} after ${formatDuration(event.durationMs)}` }
    }
    case 'history-amended':
      return { text: `${event.name}: ${event.detail}` }
    case 'migration-log':
      return { text: `${event.name}: ${event.message}${describeData(event.data, telling.redact)}` }
    case 'cleanup-failed':
      return { text: `${event.what} failed while cleaning up: ${event.message}` }
    case 'hook-started':
      return { text: `${event.hook}: ${oneLine(event.command, 200)}` }
    case 'hook-output':
      return { text: `${event.hook} │ ${event.line}` }
    case 'hook-finished':
      return {
        text: event.failed ? `${event.hook} failed` : event.hook,
        aside: formatDuration(event.durationMs),
      }
    case 'stopping':
      return { text: `${event.signal} received, stopping` }
    case 'run-finished':
      return describeEnding(event.outcome, telling.memory)
  }
}

function describeTenants({ tenants, all, shard, upToDate, concurrency }: EventOf<'tenants-found'>): string {
  const part = shard === undefined ? '' : ` of ${all}, in shard ${shard}`
  const atOnce = tenants === upToDate ? '' : `, ${Math.min(concurrency, tenants - upToDate)} at once`
  return `${countOf(tenants, 'tenant')}${part}: ${upToDate} up to date${atOnce}`
}

function timed(durationMs: number | undefined): { aside?: string } {
  return durationMs === undefined ? {} : { aside: formatDuration(durationMs) }
}

const startVerbs = {
  apply: 'started',
  resume: 'resumed',
  skip: 'is skipped',
  revert: 'is being reverted',
} as const

function describeWait(event: EventOf<'waiting-for-database'>, telling: Telling): string {
  const reason = oneLine(telling.redact(event.reason), 200)
  return `waiting for ${telling.memory.database} (${reason}), ${patience(event)}`
}

function patience(event: { readonly elapsedMs: number; readonly timeoutMs: number }): string {
  if (event.elapsedMs < 1000) return `up to ${formatDuration(event.timeoutMs)}`
  return `${formatElapsed(event.elapsedMs)} of ${formatDuration(event.timeoutMs)}`
}

function afterWait(waitedMs: number): { aside?: string } {
  return waitedMs < 1000 ? {} : { aside: `after ${formatDuration(waitedMs)}` }
}

function describePlan(event: EventOf<'planned'>): string {
  const parts = [
    `${event.applied} applied`,
    `${event.steps.length} to ${event.steps[0]?.action === 'revert' ? 'revert' : 'run'}${event.together === true ? ' in one transaction' : ''}`,
  ]
  if (event.ahead.length > 0) parts.push(describeAhead(event.ahead))
  return parts.join(', ')
}

/** `3 migrations are ahead of this image: a, b, c` */
export function describeAhead(ahead: readonly string[]): string {
  const verb = ahead.length === 1 ? 'is' : 'are'
  const names = ahead.map((name) => oneLine(name, 200))
  return `${countOf(ahead.length, 'migration')} ${verb} ahead of this image: ${listNames(names, 10)}`
}

function describeFinish(event: EventOf<'step-finished'>): Told {
  switch (event.action) {
    case 'skip':
      return { text: event.name, aside: 'skipped: not for this kind of database' }
    case 'resume':
      return { text: event.name, aside: `${formatDuration(event.durationMs)}, resumed` }
    case 'revert':
      return { text: event.name, aside: `${formatDuration(event.durationMs)}, reverted` }
    case 'apply':
      return { text: event.name, aside: formatDuration(event.durationMs) }
  }
}

function describeRetry(event: EventOf<'step-retrying'>, telling: Telling): string {
  const reason = oneLine(telling.redact(event.reason), 200)
  const what = `${event.name}: ${reason} (${event.sqlstate}), rolled back`
  return `${what}; attempt ${event.attempt + 1} in ${formatDuration(event.delayMs)}${describeBlockers(event.blockers, telling)}`
}

function describeBlockers(blockers: readonly LockHolder[], telling: Telling): string {
  const [first, ...others] = blockers
  if (first === undefined) return ''
  const rest = others.length === 0 ? '' : `; and ${countOf(others.length, 'more session')}`
  return `; blocked by ${describeHolder(first, telling.now, telling.redact)}${rest}`
}

function withName(migration: string | undefined, message: string): string {
  return migration === undefined || message.includes(migration) ? message : `${migration}: ${message}`
}

/** Redacted before `inspect`, whose escapes would hide a secret from the redactor. */
function describeData(data: unknown, redact: Redactor): string {
  if (data === undefined) return ''
  const shown = toPlainData(data, { redact, keys: 'foreign' })
  return ` ${inspect(shown, { breakLength: Number.POSITIVE_INFINITY, depth: 4, maxArrayLength: 20, maxStringLength: 2000 })}`
}

function describeConnection({ host, encryption }: EventOf<'connected'>): string {
  const where = host === undefined ? '' : ` on ${host}`
  if (encryption === undefined) return where
  return encryption === 'none' ? `${where}, not encrypted` : `${where}, ${encryption}`
}
