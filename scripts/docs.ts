/**
 * Writes the generated reference pages: `node scripts/docs.ts [--check] [ROOT]`. With --check it writes nothing, names
 * the pages that are out of date and exits 1 if there are any.
 */
import { join } from 'node:path'
import { findStalePages, writePages } from './docs-pages.ts'

const words = process.argv.slice(2).filter((word) => word !== '--check')
const root = words[0] ?? join(import.meta.dirname, '..')
if (process.argv.includes('--check')) {
  const stale = findStalePages(root)
  for (const path of stale) console.error(`${path} is out of date: npm run docs`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  writePages(root)
}
