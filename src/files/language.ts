import type { Language } from '../plan/migration.ts'

/** What only TypeScript has, in the places where migrations have it. */
const typed =
  /^\s*import\s+type\b|^\s*export\s+(const|async function|function)\s+(up|down|options|MIGRATION_ID)\s*(:|\([^)]*:)|\bsatisfies\s+Migration/m

/** In which language a stored script was: history keeps texts, not file extensions. */
export function guessLanguage(source: string): Language {
  return typed.test(source) ? 'typescript' : 'javascript'
}
