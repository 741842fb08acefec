/** Chooses the dialect of a URL and loads no other. */
import type { DatabaseUrl } from '../config/url.ts'
import type { Dialect } from './dialect.ts'

export async function loadDialect(url: DatabaseUrl): Promise<Dialect> {
  switch (url.dialect) {
    case 'postgres':
      return (await import('./postgres/index.ts')).postgres
    case 'sqlite':
      return (await import('./sqlite/index.ts')).sqlite
  }
}

/** The version of the SQLite library inside better-sqlite3. */
export async function sqliteVersion(): Promise<string> {
  const { readVersion } = await import('./sqlite/driver.ts')
  return readVersion()
}
