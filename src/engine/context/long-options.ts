/** What long work is asked for, as a migration writes it. Durations: `500ms`, `30s`, `5m`, `1h`, `0`. */
import type { Row } from '../../dialects/dialect.ts'
import type { Fragment } from './template.ts'

/** For each row, in their order, the columns that change; nothing for one that stays as it is. */
export type RowChanges = readonly (Row | null | undefined)[]

/** What `backfill` takes. */
export interface BackfillOptions {
  /** `users` or `app.users`. */
  readonly table: string
  /**
   * What follows SET, as text or as `` sql`…` `` with values; or a function that is given the rows of a batch and
   * returns what changes in each. It runs within the batch's transaction, and again if that is tried again.
   */
  readonly set: string | Fragment | ((rows: readonly Row[]) => RowChanges | Promise<RowChanges>)
  /** Which rows; all of them without it. */
  readonly where?: string | Fragment
  /** Columns of a unique key without nulls; by default the primary key, else another one. */
  readonly key?: string | readonly string[]
  /** Rows of the first batch, and the bounds within which it adapts; the default is from 100 to 500, 500 at first. */
  readonly batch?: number | { readonly first?: number; readonly min?: number; readonly max?: number }
  /** Between two batches; the default is 20 ms. */
  readonly pause?: string
  /** Batches grow and shrink to take about this long, in milliseconds; the default is 300. */
  readonly targetMs?: number
  /** Waits while a replica is further behind than this (PostgreSQL). */
  readonly maxLag?: string
  /** Stops after this time, besides SLIPWAY_MAX_DURATION; the next run goes on. */
  readonly maxDuration?: string
  /** What its progress is kept under. Without it, an edited `set`, `where` or `key` is refused half-way. */
  readonly name?: string
}

/** What `backfill` did. */
export interface BackfillResult {
  /** Rows that were changed, by earlier runs too. */
  readonly rows: number
  /** Rows that were looked at. */
  readonly seen: number
}

/** What `createIndexConcurrently` takes besides table and columns. */
export interface ConcurrentIndexOptions {
  /** By default `<table>_<columns>_idx`. */
  readonly name?: string
  readonly unique?: boolean
  /** Makes it a partial index. */
  readonly where?: string | Fragment
  /** The access method (PostgreSQL): `gin`, `gist` … */
  readonly using?: string
  /** Columns that are only kept along (PostgreSQL). */
  readonly include?: readonly string[]
}
