/** `status --json` and `verify --json` of many tenants. Field names are stable; fields may be added. */
import { isSlipwayError } from '../errors.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import type { Answers } from './tenants-text.ts'

export interface TenantsJson<Answer> {
  /** How many there are in all shards. */
  readonly all: number
  /** What the verb says of one database, with its name; or `error`. */
  readonly tenants: readonly (
    | ({ readonly tenant: string } & Answer)
    | { readonly tenant: string; readonly error: ErrorFields }
  )[]
}

export function tenantsJson<Answer, Json extends object>(
  { answers, all }: Answers<Answer>,
  write: (answer: Answer) => Json,
): TenantsJson<Json> {
  return {
    all,
    tenants: answers.map(({ tenant, answer }) =>
      isSlipwayError(answer)
        ? { tenant, error: toErrorFields(answer, { stack: false }) }
        : { tenant, ...write(answer) },
    ),
  }
}
