/** What loading a migration gives. */
import type { DeclaredOptions, MigrationFile } from '../plan/migration.ts'
import type { ParsedStatement } from '../sql/statement.ts'

export interface LoadedMigration {
  readonly file: MigrationFile
  readonly options: DeclaredOptions
  /** False also for a down section or file that holds no statement. */
  readonly hasDown: boolean
  readonly body: LoadedBody
  /** Things to tell that stop nothing. */
  readonly notices: readonly { readonly code: string; readonly message: string }[]
}

export type LoadedBody =
  /** At least one statement unless it is for another database; offsets are into `file.up.text`. */
  | { readonly kind: 'sql'; readonly statements: readonly ParsedStatement[] }
  /** `up` as exported. It may return anything, a promise or not, and throw anything. */
  | { readonly kind: 'code'; readonly up: (context: unknown) => unknown }
