/** From what a migration wrote to what a dialect is asked for. Throws TypeError for what cannot be meant. */
import { hash as digest } from 'node:crypto'
import type { BackfillRequest, Row, SqlText } from '../../dialects/dialect.ts'
import { parseDuration } from '../../plan/duration.ts'
import { untilAborted } from '../sleep.ts'
import type { BackfillOptions } from './long-options.ts'
import { type LongPlace, requireNothingElse } from './long-work.ts'
import type { Pacing } from './pace.ts'
import { type Fragment, isFragment } from './template.ts'

export interface ReadBackfill {
  readonly request: BackfillRequest
  readonly pacing: Pacing
  readonly pauseMs: number
  readonly maxLagMs: number | undefined
  readonly maxDurationMs: number | undefined
}

const known = [
  ...([
    'table',
    'set',
    'where',
    'key',
    'batch',
    'pause',
    'targetMs',
    'maxLag',
    'maxDuration',
    'name',
  ] as const),
]

export function readBackfill(place: LongPlace, options: BackfillOptions): ReadBackfill {
  for (const name of Object.keys(options))
    if (!(known as readonly string[]).includes(name)) throw new TypeError(`backfill has no option ${name}`)
  if (typeof options.table !== 'string' || options.table === '') throw new TypeError('backfill needs a table')
  const ordinal = place.asked.get(options.table) ?? 0
  place.asked.set(options.table, ordinal + 1)
  const { set, where } = options
  const key = typeof options.key === 'string' ? [options.key] : options.key
  const change = readChange(place, set)
  const condition = where === undefined ? undefined : toSqlText(place, 'where', where)
  const said = change.kind === 'rows' ? String(set) : change.set.strings
  const text = JSON.stringify([said, condition?.strings])
  return {
    request: {
      name: options.name,
      table: options.table,
      key,
      change,
      where: condition,
      definition: digest('sha256', text),
      ordinal,
      say: place.say,
    },
    pacing: { targetMs: positive('targetMs', options.targetMs ?? 300), bounds: readBatch(options.batch) },
    pauseMs: readDuration('pause', options.pause) ?? 20,
    maxLagMs: readDuration('maxLag', options.maxLag),
    maxDurationMs: readDuration('maxDuration', options.maxDuration),
  }
}

function readChange(place: LongPlace, set: BackfillOptions['set']): BackfillRequest['change'] {
  if (typeof set !== 'function') return { kind: 'set', set: toSqlText(place, 'set', set) }
  const { gate } = place
  return {
    kind: 'rows',
    // Its own queries belong to the batch's transaction.
    async rows(rows: readonly Row[]) {
      gate.state = 'open'
      try {
        const changes = await untilAborted(place.signal, async () => set(rows))
        requireNothingElse(place.tracker, 'its function returns')
        return changes
      } finally {
        gate.state = 'busy'
      }
    },
  }
}

/** Values stay values. */
export function toSqlText(
  { tracker }: Pick<LongPlace, 'tracker'>,
  what: string,
  part: string | Fragment,
): SqlText {
  if (typeof part === 'string' && part.trim() !== '') return { strings: [part], values: [] }
  if (!isFragment(part)) throw new TypeError(`${what} is neither SQL text nor sql\`…\``)
  tracker.embed(part)
  const strings = ['']
  const values: unknown[] = []
  part.write({
    text(text) {
      strings[strings.length - 1] += text
    },
    value(value) {
      values.push(value)
      strings.push('')
    },
  })
  return { strings, values }
}

/** No row is locked for longer than a batch takes, and 500 rows are some hundredths of a second. */
const usual = { first: 500, min: 100, max: 500 } as const

function readBatch(batch: BackfillOptions['batch']): Pacing['bounds'] {
  const given = typeof batch === 'number' ? { first: batch } : (batch ?? {})
  const { first, min, max } = given
  const bounds = {
    min: whole('batch.min', min ?? Math.min(usual.min, first ?? usual.min, max ?? usual.min)),
    max: whole('batch.max', max ?? Math.max(usual.max, first ?? 0, min ?? 0)),
  }
  const start = whole('batch', first ?? Math.min(bounds.max, Math.max(bounds.min, usual.first)))
  if (bounds.min > start || start > bounds.max)
    throw new TypeError(`batch: ${start} rows are not between ${bounds.min} and ${bounds.max}`)
  return { first: start, ...bounds }
}

function whole(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new TypeError(`${what} must be a whole number of rows, not ${String(value)}`)
}

function positive(what: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw new TypeError(`${what} must be a number of milliseconds, not ${String(value)}`)
}

function readDuration(what: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = typeof text === 'string' ? parseDuration(text) : undefined
  if (ms !== undefined) return ms
  throw new TypeError(
    `${what} must be a duration such as 500ms, 30s, 5m, 1h or 0, not ${JSON.stringify(text)}`,
  )
}
