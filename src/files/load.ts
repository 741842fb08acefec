/** From a migration's text to something that can be run. All that is pending is loaded before the first one runs. */
import type { MigrationFile } from '../plan/migration.ts'
import type { LoadedMigration } from './loaded.ts'
import { loadScript } from './script.ts'
import { loadSqlMigration, type SqlParser } from './sql-file.ts'

/** Throws SlipwayError with exit code 66 and the place in the file; see loadScript and loadSqlMigration. */
export function loadMigration(file: MigrationFile, parser: SqlParser): Promise<LoadedMigration> {
  return file.language === 'sql' ? loadSqlMigration(file, parser) : loadScript(file)
}
