/** Gives SQL to the database's own command line, as somebody who runs what `slipway sql` printed would. */
import { spawnSync } from 'node:child_process'
import Database from 'better-sqlite3'
import type { TestDatabase } from './postgres.ts'

export function runWithPsql(
  db: TestDatabase,
  script: string,
  flags: readonly string[] = ['ON_ERROR_STOP=1'],
): string {
  const { host, port, superuser, password } = db.server
  const { status, stdout, stderr } = spawnSync(
    'psql',
    ['-X', '-q', ...flags.flatMap((flag) => ['-v', flag]), '-f', '-'],
    {
      input: script,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        PGCLIENTENCODING: 'UTF8',
        ...{ PGHOST: host, PGPORT: `${port}`, PGUSER: superuser, PGPASSWORD: password, PGDATABASE: db.name },
      },
    },
  )
  if (status !== 0) throw new Error(`psql ended with ${status}: ${stderr}`)
  return stdout + stderr
}

/** sqlite3 where this machine has it, else its library in one piece. */
export function runWithSqlite3(file: string, script: string): void {
  const { error, status, stdout, stderr } = spawnSync('sqlite3', ['-bail', file], {
    input: script,
    encoding: 'utf8',
  })
  if (error === undefined) {
    if (status !== 0) throw new Error(`sqlite3 ended with ${status}: ${stdout}${stderr}`)
    return
  }
  const database = new Database(file)
  try {
    database.exec(script)
  } finally {
    database.close()
  }
}
