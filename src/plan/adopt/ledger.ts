/** What another tool says is applied, in one form for all of them. Pure. */
import type { SlipwayError } from '../../errors.ts'
import type { ForeignTool } from './names.ts'

/** One thing that the tool says is applied. */
export interface LedgerEntry {
  /** As people know it: a version, a name. */
  readonly key: string
  /** Name of its file, without extension. */
  readonly name?: string | undefined
  readonly version?: string | undefined
  /** Of its text, as the tool computes it. */
  readonly fingerprint?: string | undefined
  /** Drizzle: when it was generated, in ms. */
  readonly generatedAt?: string | undefined
  readonly appliedAt?: Date | undefined
  /** Flyway: run again whenever its text changes; it has no version. */
  readonly isRepeatable?: boolean
}

export interface Ledger {
  readonly tool: ForeignTool
  /** In the order of application, as far as the tool keeps one. */
  readonly entries: readonly LedgerEntry[]
  /** golang-migrate: its one version; Flyway: its baseline. Everything up to it counts as applied. */
  readonly upTo?: string | undefined
  /** Alembic: its heads. Everything they descend from is applied. */
  readonly heads?: readonly string[]
  /** Why nothing can be taken over yet. */
  readonly problems: readonly SlipwayError[]
}

/** A file as it may belong to a migration of another tool. */
export interface ForeignFile {
  /** The name that slipway would give it. */
  readonly name: string
  /** File names with extensions; two of a pair. A folder's name for a folder. */
  readonly bases: readonly string[]
  /** Path for people, of the up half. */
  readonly shown: string
  readonly place: 'folder' | 'old'
  /** `other`: of a language slipway does not run; `nameless`: SQL or a script whose name begins with no version. */
  readonly kind: 'sql' | 'script' | 'other' | 'nameless'
  /** Of the up half. Throws when it cannot be read. */
  readonly text: string
  /** What it was before it was converted, on behalf of another database; kept in old/. */
  readonly original?: string | undefined
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string
}
