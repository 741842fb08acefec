/** PostgreSQL 13 and later. */

import { parsePostgres } from '../../sql/postgres.ts'
import { findEnumUses } from '../../sql/postgres-enum-values.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Dialect } from '../dialect.ts'
import { explain } from './errors.ts'
import { LockBudgetSpent } from './prelock.ts'
import { connectPostgres } from './session.ts'

export const postgres: Dialect = {
  name: 'postgres',
  connect: (url, options) => {
    if (url.dialect !== 'postgres') throw new TypeError('not a PostgreSQL URL')
    return connectPostgres(url, options)
  },
  createDatabase: async (url, options) => {
    if (url.dialect !== 'postgres') throw new TypeError('not a PostgreSQL URL')
    const { createDatabase } = await import('./create-database.ts')
    return createDatabase(url, options)
  },
  explain: (error) =>
    error instanceof LockBudgetSpent
      ? { kind: 'retryable', sqlstate: '55P03', message: error.message }
      : explain(error),
  parse: parsePostgres,
  refuseTogether: findEnumUses,
  placeholder: (index) => `$${index}`,
  quoteId: quotePostgresId,
}
