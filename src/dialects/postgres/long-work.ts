/** What only a migration without a transaction may do; each kind of work is loaded when it is asked for. */
import type { LongWork, StepwiseAttempt } from '../dialect.ts'
import { readOnly } from './facts.ts'
import type { Workplace } from './workplace.ts'

export function createLongWork(place: Workplace, attempt: StepwiseAttempt): LongWork {
  return {
    get isInTransaction() {
      return place.link.transactionStatus !== 'I'
    },
    openBackfill: async (request) => (await import('./backfill.ts')).openBackfill(place, attempt, request),
    async replicaLag() {
      // https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW
      const [row] = await readOnly(
        place.link,
        `select pg_catalog.max(pg_catalog.date_part('epoch', replay_lag)) * 1000 as ms,
  coalesce(pg_catalog.bool_or(state is null), false) as hidden
from pg_catalog.pg_stat_replication`,
      )
      const ms = row?.ms
      return { ms: ms === null || ms === undefined ? undefined : Number(ms), isHidden: row?.hidden === true }
    },
    createIndex: async (request) => (await import('./build-index.ts')).buildIndex(place, attempt, request),
    validateConstraint: async (table, constraint, say) =>
      (await import('./validate.ts')).validateConstraint(place, attempt, { table, constraint, say }),
    setNotNull: async (table, column, say) =>
      (await import('./set-not-null.ts')).setNotNull(place, attempt, { table, column, say }),
    undoNotNull: async (table, column, say) =>
      (await import('./set-not-null.ts')).undoNotNull(place, attempt, { table, column, say }),
  }
}
