/** PostgreSQL 13 and later. */

import { quotePostgresId } from '../../sql/quote.ts'
import type { Dialect } from '../dialect.ts'
import { connectPostgres } from './connect.ts'
import { explain } from './errors.ts'
import { LockBudgetSpent } from './lock-budget.ts'

export const postgres: Dialect = {
  name: 'postgres',
  isRemote: true,
  connect: (url, options) => {
    if (url.dialect !== 'postgres') throw new TypeError('not a PostgreSQL URL')
    return connectPostgres(url, options)
  },
  createDatabase: async (url, options) => {
    if (url.dialect !== 'postgres') throw new TypeError('not a PostgreSQL URL')
    const { createDatabase } = await import('./create-database.ts')
    return createDatabase(url, options)
  },
  createScratch: async (url, options) => {
    if (url.dialect !== 'postgres') throw new TypeError('not a PostgreSQL URL')
    const { createScratch } = await import('./scratch.ts')
    return createScratch(url, options)
  },
  writeScript: async (script) => (await import('./script.ts')).writeScript(script),
  openLockProbe: async (executor, ours) => (await import('./held-locks.ts')).openLockProbe(executor, ours),
  loadReverting: async () => (await import('./reverting.ts')).postgresReverting,
  explain: (error) =>
    error instanceof LockBudgetSpent
      ? { kind: 'retryable', sqlstate: '55P03', message: error.message }
      : explain(error),
  parse: async (text) => (await import('../../sql/postgres.ts')).parsePostgres(text),
  refuseTogether: async (bodies, serverVersion) =>
    (await import('../../sql/postgres-enum-values.ts')).findEnumUses(bodies, serverVersion),
  placeholder: (index) => `$${index}`,
  quoteId: quotePostgresId,
}
