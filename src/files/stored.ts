/** A migration from what history stored of it, for a folder that lacks its file. */
import { guessLanguage } from './language.ts'
import { loadSqlMigration, type SqlParser } from './sql-file.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { candidateOf } from '../plan/target.ts'
import { SqlSyntaxError } from '../sql/statement.ts'
import { isSlipwayError } from '../errors.ts'
import type { LoadedMigration } from './loaded.ts'

export interface StoredMigration {
  readonly name: string
  readonly checksum: string
  readonly source: string
}

/** How messages name it; no file has such a name. */
function showStored(name: string): string {
  return `${name} (from history)`
}

/** Throws what loading a file throws, and not-self-contained. */
export async function loadStored(stored: StoredMigration, parser: SqlParser): Promise<LoadedMigration> {
  const file = fileOf(stored)
  if (!looksLikeScript(stored.source)) return loadSqlMigration(file, parser)
  // SQL may hold a script in a string. Neither grammar takes the other's text.
  try {
    return await loadSqlMigration(file, parser)
  } catch (error) {
    if (!isSlipwayError(error) || !(error.cause instanceof SqlSyntaxError)) throw error
  }
  const { loadStoredScript } = await import('./stored-script.ts')
  return loadStoredScript({ ...file, language: guessLanguage(stored.source) })
}

function fileOf({ name, checksum, source }: StoredMigration): MigrationFile {
  const shown = showStored(name)
  const parsed = candidateOf(name)
  return {
    name,
    version: parsed?.version ?? { kind: 'sequence', text: '', key: '' },
    slug: parsed?.slug ?? name,
    language: 'sql',
    up: { path: shown, shown, text: source },
    source,
    checksum,
  }
}

function looksLikeScript(source: string): boolean {
  return /^\s*(?:export|import)\b|\bmodule\.exports\b|\bexports\.\w/m.test(source)
}
