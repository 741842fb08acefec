/** The migrations of a run, imported and parsed: for many tenants once. */
import { loadMigration } from '../files/load.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import type { MigrationFile } from '../plan/migration.ts'
import type { Run } from './run.ts'

/** Throws what loadMigration throws. */
export function loadFor(run: Run, file: MigrationFile): Promise<LoadedMigration> {
  return run.folder === undefined ? loadMigration(file, run.dialect) : run.folder.load(file, run.dialect)
}
