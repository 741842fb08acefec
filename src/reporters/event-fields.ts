/** The fields of one JSON line, by event; docs/formats.md promises their names. */
import type { LockHolder, RunEvent } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { shortenStatement } from '../text/describe-holder.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import { outcomeJson } from './outcome-json.ts'
import { toPlainData } from './plain-data.ts'

export interface FieldOptions {
  readonly redact: Redactor
  /** Stack traces are included. */
  readonly stack: boolean
}

/**
 * `event` is the event's type and `migration` the name of the migration it is about; errors are nested under `error`
 * (see ErrorFields), dates are ISO 8601 in UTC, times are milliseconds. `verb` is on every line already.
 * Redacted, ready to serialise.
 */
export function eventFields(event: RunEvent, options: FieldOptions): Record<string, unknown> {
  const { type, tenant } = event
  const all = { event: type, ...fieldsOf(event, options), tenant }
  const fields = toPlainData(all, { ...options, keys: 'own' })
  return fields as Record<string, unknown>
}

function fieldsOf(event: RunEvent, options: FieldOptions): Record<string, unknown> {
  switch (event.type) {
    case 'run-started':
      return { database: event.database, dir: event.dir }
    case 'tenants-found':
    case 'waiting-for-database':
    case 'connected':
    case 'lock-acquired':
    case 'warning':
    case 'notice':
    case 'cleanup-failed':
    case 'hook-started':
    case 'hook-output':
    case 'hook-finished':
    case 'stopping':
    case 'planned': {
      const { type: _, ...fields } = event
      return fields
    }
    case 'waiting-for-lock': {
      const { type: _, holder, ...fields } = event
      return { ...fields, holder: holderFields(holder, options) }
    }
    case 'history-amended': {
      const { type: _, name, ...fields } = event
      return { migration: name, ...fields }
    }
    case 'step-started':
    case 'statement-finished':
    case 'statement-echo':
    case 'progress':
    case 'step-finished': {
      const { type: _, name, ...fields } = event
      return { migration: name, ...fields }
    }
    case 'step-retrying': {
      const { type: _, name, blockers, ...fields } = event
      return {
        migration: name,
        ...fields,
        blockers: blockers.map((blocker) => holderFields(blocker, options)),
      }
    }
    case 'step-failed': {
      const { name, durationMs, error } = event
      return { migration: name, durationMs, error: toErrorFields(error, options) }
    }
    case 'migration-log': {
      const data = toPlainData(event.data, { ...options, keys: 'foreign' })
      return { migration: event.name, data }
    }
    case 'run-finished': {
      const { verb: _, ...fields } = outcomeJson(event.outcome, options)
      const { error } = fields
      return event.outcome.tenants === undefined ? fields : { ...fields, error: error && shorten(error) }
    }
  }
}

/** Each tenant that failed had a line of its own, and collectors of logs refuse a line of a megabyte. */
const mostReasons = 50

function shorten(error: ErrorFields): ErrorFields {
  const { reasons = [] } = error
  if (reasons.length <= mostReasons) return error
  return { ...error, reasons: reasons.slice(0, mostReasons), moreReasons: reasons.length - mostReasons }
}

function holderFields(holder: LockHolder | undefined, options: FieldOptions): object | undefined {
  if (holder?.statement === undefined) return holder
  return { ...holder, statement: shortenStatement(holder.statement, options.redact) }
}
