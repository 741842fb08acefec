/** Reading with the rights that are at hand: the login's, and where they do not reach, those of SLIPWAY_ROLE. */
import { quotePostgresId } from '../../sql/quote.ts'
import type { Row } from '../dialect.ts'
import { explain } from './errors.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'

export interface Reader {
  readonly login: string
  /** SLIPWAY_ROLE. */
  readonly role: string | undefined
}

/** Whom a message should name. */
export function nameReader({ login, role }: Reader): string {
  return role ?? login
}

/**
 * A login that may read needs no role, and an app's own login is in no other. SET LOCAL ends with the transaction, so
 * that nothing is left to a pooler's next client. The first error counts: a role that cannot be taken changes nothing.
 */
export async function readAs(link: Link, { role }: Reader, select: string): Promise<Row[]> {
  try {
    return await readOnly(link, select)
  } catch (error) {
    if (role === undefined || explain(error).kind !== 'privilege') throw error
    try {
      return await readOnly(link, `set local role ${quotePostgresId(role)};\n${select}`)
    } catch {
      throw error
    }
  }
}
