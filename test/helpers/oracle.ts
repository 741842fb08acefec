/** The plain way to apply SQL files, to compare with: psql, each file in a session and, unless it says otherwise, a transaction of its own. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parse } from 'libpg-query'
import type { TestDatabase } from './postgres.ts'

export type Oracle = 'psql' | 'driver'

/** psql where this machine has one of version 14 or later (older ones do not know `begin atomic`). */
export function chooseOracle(): Oracle {
  const { stdout } = spawnSync('psql', ['--version'], { encoding: 'utf8' })
  const major = Number(/(\d+)/.exec(stdout ?? '')?.[1] ?? 0)
  return major >= 14 ? 'psql' : 'driver'
}

/** Applies the files in the given order and stops at the first that fails. */
export async function applyFiles(db: TestDatabase, files: readonly string[], oracle: Oracle): Promise<void> {
  for (const file of files) {
    if (oracle === 'psql') applyWithPsql(db, file)
    else await applyWithDriver(db, file)
  }
}

function applyWithPsql(db: TestDatabase, file: string): void {
  const { host, port, superuser, password } = db.server
  const login = {
    PGHOST: host,
    PGPORT: `${port}`,
    PGUSER: superuser,
    PGPASSWORD: password,
    PGDATABASE: db.name,
  }
  const atomic = isTransactional(file) ? ['--single-transaction'] : []
  const { status, stderr } = spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...atomic, '-f', file], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, PGCLIENTENCODING: 'UTF8', ...login },
  })
  if (status !== 0) throw new Error(`psql stopped at ${file}: ${stderr}`)
}

/** What psql does: one session, each statement sent alone. */
async function applyWithDriver(db: TestDatabase, file: string): Promise<void> {
  await using sql = await db.connect()
  const statements = await splitStatements(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
  for (const statement of isTransactional(file) ? ['begin', ...statements, 'commit'] : statements) {
    try {
      await sql.unsafe(statement)
    } catch (error) {
      throw new Error(`stopped at ${file}: ${error}\n${statement}`)
    }
  }
}

/** `now()` stands still within a transaction, so it matters. A file that brings its own begin and commit has one already. */
function isTransactional(file: string): boolean {
  const text = readFileSync(file, 'utf8')
  return !/transaction:\s*false/i.test(text) && !/^\s*(begin|start transaction)\s*;/im.test(text)
}

/** PostgreSQL's own parser tells where statements begin and end, in bytes. */
async function splitStatements(text: string): Promise<string[]> {
  const bytes = Buffer.from(text)
  const { stmts = [] } = (await parse(text)) as { stmts?: { stmt_location?: number; stmt_len?: number }[] }
  return stmts.map(({ stmt_location: from = 0, stmt_len: length }) =>
    bytes.toString('utf8', from, length === undefined ? bytes.length : from + length),
  )
}
