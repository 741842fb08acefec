/** What loading a migration gives. */
import type { DeclaredOptions, MigrationFile } from '../plan/migration.ts'
import type { ParsedStatement } from '../sql/statement.ts'

export interface LoadedMigration {
  readonly file: MigrationFile
  readonly options: DeclaredOptions
  /** False also for a down section or file that holds no statement. */
  readonly hasDown: boolean
  readonly body: LoadedBody
  /** Where there is one: what it runs, and what it declares of itself. */
  readonly down?: LoadedDown
  /** Set where the body is a down: see asDown. */
  readonly direction?: 'down'
  /** Things to tell that stop nothing. */
  readonly notices: readonly { readonly code: string; readonly message: string }[]
}

export interface LoadedDown {
  readonly options: DeclaredOptions
  readonly body: LoadedBody
}

export type LoadedBody =
  /** At least one statement unless it is for another database; offsets are into the text of its half. */
  | { readonly kind: 'sql'; readonly statements: readonly ParsedStatement[] }
  /** `up` or `down` as exported. It may return anything, a promise or not, and throw anything. */
  | { readonly kind: 'code'; readonly up: (context: unknown) => unknown }
