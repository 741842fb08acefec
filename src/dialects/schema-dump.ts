/** What a dump of a schema is asked for. */
import type { RunProgram } from './reverting.ts'

export interface SchemaDumpOptions {
  /** Who owns what is told, too. Without effect on SQLite. */
  readonly owners: boolean
  readonly run: RunProgram
  readonly signal: AbortSignal
  /** A folder that only we can read, for what another program writes. */
  readonly scratchDir: string
}
