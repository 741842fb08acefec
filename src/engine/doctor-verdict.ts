/** Errors as lines of an examination. */
import type { Diagnosis } from '../dialects/diagnosis.ts'
import type { SlipwayError } from '../errors.ts'

export function failed(check: string, { message, hint, code }: SlipwayError): Diagnosis {
  return { check, level: 'fail', message, remedy: hint, code }
}

/** A refusal of several reasons gives one line for each. */
export function failedForAll(check: string, error: SlipwayError): Diagnosis[] {
  return (error.facts.reasons ?? [error]).map((reason) => failed(check, reason))
}
