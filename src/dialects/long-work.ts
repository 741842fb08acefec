/** Work that takes longer than a transaction should: the words for it. Each method is one attempt, like everything of a dialect. */
import type { Row } from './dialect.ts'

/** SQL text with places for values, as a template has it: one string more than there are values. */
export interface SqlText {
  readonly strings: readonly string[]
  readonly values: readonly unknown[]
}

/** Hears each text before it is sent, so that an error can be shown in it. */
export type Say = (text: string) => void

/** For each row, in their order, the columns that change; nothing for one that stays as it is. */
export type RowChange = (rows: readonly Row[]) => Promise<readonly (Row | null | undefined)[]>

export interface BackfillRequest {
  /** What its progress is kept under, besides the migration; made from the table if the migration did not say. */
  readonly name: string | undefined
  readonly table: string
  readonly key: readonly string[] | undefined
  readonly change:
    | { readonly kind: 'set'; readonly set: SqlText }
    | { readonly kind: 'rows'; readonly rows: RowChange }
  readonly where: SqlText | undefined
  /** Of what is done to which rows: another one is another backfill. */
  readonly definition: string
  /** How many times the migration has asked for work on this table before. */
  readonly ordinal: number
  readonly say: Say
}

export interface BackfillState {
  /** Rows that were passed, whether they changed or not. */
  readonly seen: number
  readonly changed: number
  /** Undefined where it would take long to know. */
  readonly total: number | undefined
  readonly isDone: boolean
}

export interface BackfillTask {
  /** `public.users`, for people. */
  readonly table: string
  /** As it is kept in the progress table. */
  readonly name: string
  /** Begun before, with the same definition, with another, or by another key, whose marks mean nothing now. */
  readonly before: 'none' | 'same' | 'changed' | 'other-key'
  readonly start: BackfillState
  /** One transaction: the next `size` rows, and how far that is. After an error nothing of it has happened. */
  batch(size: number): Promise<BackfillState>
}

export interface IndexRequest {
  readonly table: string
  /** Columns by name, or an expression as text. */
  readonly columns: readonly (string | { readonly expression: string })[]
  readonly name: string
  readonly unique: boolean
  readonly where: string | undefined
  readonly using: string | undefined
  readonly include: readonly string[]
  readonly say: Say
  /** May be called at any time while the index is built. */
  readonly onProgress: (progress: IndexProgress) => void
}

export interface IndexProgress {
  readonly phase: string
  readonly unit: 'blocks' | 'rows' | 'lockers'
  readonly done: number
  readonly total: number | undefined
}

export interface ReplicaLag {
  /** Of the replica that is furthest behind; undefined without one. */
  readonly ms: number | undefined
  /** There are replicas, but this role may not see how far they are. */
  readonly isHidden: boolean
}

/** Only outside a transaction. One call at a time. */
export interface LongWork {
  /** The migration began one by itself. */
  readonly isInTransaction: boolean
  /** Finds the table, its key, and how far it came before. */
  openBackfill(request: BackfillRequest): Promise<BackfillTask>
  replicaLag(): Promise<ReplicaLag>
  /** Throws where an index of that name is another one. What an attempt leaves INVALID, it or the next one drops. */
  createIndex(request: IndexRequest): Promise<'created' | 'exists'>
  validateConstraint(table: string, constraint: string, say: Say): Promise<void>
  /** May be called again at whatever point it was interrupted. */
  setNotNull(table: string, column: string, say: Say): Promise<void>
  /** When no attempt will follow: takes back what an unfinished setNotNull left, as far as it can. Never throws. */
  undoNotNull(table: string, column: string, say: Say): Promise<void>
}
