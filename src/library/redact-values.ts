/** Events and errors on their way to a library's caller, who logs them: without secrets, as everything that slipway prints. */
import { isSlipwayError, SlipwayError } from '../errors.ts'
import type { RunEvent } from '../events.ts'
import { noRedaction, type Redactor } from '../redact.ts'

export interface ValueRedactor {
  event(event: RunEvent): RunEvent
  /** The same object for the same error. */
  error(error: SlipwayError): SlipwayError
  /** Plain data, the dates and errors in it included. */
  value<T>(value: T): T
}

export function createValueRedactor(redact: Redactor): ValueRedactor {
  if (redact === noRedaction)
    return { event: (event) => event, error: (error) => error, value: (value) => value }
  const known = new WeakMap<SlipwayError, SlipwayError>()

  const error = (given: SlipwayError): SlipwayError => {
    const copy = known.get(given) ?? copyError(given)
    known.set(given, copy)
    known.set(copy, copy)
    return copy
  }

  const copyError = (given: SlipwayError): SlipwayError => {
    const { cause, reasons, ...facts } = given.facts
    const copy = new SlipwayError(given.code, redact(given.message), {
      ...(value(facts) as typeof facts),
      hint: redact(given.hint),
      ...(cause === undefined ? {} : { cause: withoutSecrets(cause, redact) }),
      ...(reasons === undefined ? {} : { reasons: reasons.map(error) }),
    })
    if (given.stack !== undefined) copy.stack = redact(given.stack)
    if (given.progress !== undefined) copy.progress = given.progress
    return copy
  }

  const value = <T>(given: T): T => convert(given, []) as T

  const convert = (given: unknown, parents: readonly object[]): unknown => {
    if (typeof given === 'string') return redact(given)
    if (isSlipwayError(given)) return error(given)
    if (typeof given !== 'object' || given === null || parents.includes(given)) return given
    const within = [...parents, given]
    if (Array.isArray(given)) return given.map((item) => convert(item, within))
    if (!isPlain(given)) return given
    return Object.fromEntries(Object.entries(given).map(([key, item]) => [key, convert(item, within)]))
  }

  return { error, value, event: (event) => value(event) }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A driver's or a migration's own error may quote what was sent. */
function withoutSecrets(cause: unknown, redact: Redactor): unknown {
  if (typeof cause === 'string') return redact(cause)
  if (!(cause instanceof Error)) return cause
  const stack = cause.stack ?? ''
  if (redact(cause.message) === cause.message && redact(stack) === stack) return cause
  const copy = new Error(redact(cause.message))
  copy.name = cause.name
  copy.stack = redact(stack)
  return copy
}
