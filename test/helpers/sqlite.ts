import Database from 'better-sqlite3'

/** Runs one query on a SQLite file, read-only, and returns its rows. */
export function readSqlite(file: string, text: string): Record<string, unknown>[] {
  const database = new Database(file, { readonly: true })
  try {
    return database.prepare(text).all() as Record<string, unknown>[]
  } finally {
    database.close()
  }
}

/** Runs statements on a SQLite file, which is made if it is not there. */
export function runSqlite(file: string, text: string): void {
  const database = new Database(file)
  try {
    database.exec(text)
  } finally {
    database.close()
  }
}

/** Statements that SQLite forbids, such as a change of its own schema table. */
export function forgeSqlite(file: string, text: string): void {
  const database = new Database(file)
  try {
    database.unsafeMode(true)
    database.exec(text)
  } finally {
    database.close()
  }
}
