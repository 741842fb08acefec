/** What a migration is given, without a file around it: a real session, and a real step that commits. */
import { parseDatabaseUrl } from '../../../src/config/parse-url.ts'
import type { Checks, Session } from '../../../src/dialects/dialect.ts'
import { postgres } from '../../../src/dialects/postgres/index.ts'
import { createSql, type Sql } from '../../../src/engine/context/sql.ts'
import { createTracker } from '../../../src/engine/context/tracker.ts'
import { createTestDatabase } from '../../helpers/postgres.ts'

export interface Tools {
  readonly sql: Sql
  readonly checks: Checks
}

/** Runs `setUp` in a fresh database, outside any transaction, then `work` as a migration's body. */
export async function withContext(
  options: { readonly major: number; readonly setUp?: readonly string[] },
  work: (tools: Tools) => Promise<void>,
): Promise<void> {
  await using db = await createTestDatabase(options.major)
  for (const text of options.setUp ?? []) await db.query(text).catch(tolerateUniqueViolation)
  await using session = await openSession(db.url())
  await session.tryRunLock()
  await session.ensureHistory()
  const signal = new AbortController().signal
  await session.applyInTransaction({
    record: {
      name: '0001_context',
      checksum: 'sha256-v1:0',
      source: '',
      breaking: false,
      appliedBy: 'tester@host',
      runnerVersion: '0.0.0',
      runId: 'run-1',
    },
    body: {
      kind: 'code',
      run: async (executor, checks) => {
        const tracker = createTracker(executor, signal, '0001_context')
        const { placeholder, quoteId } = postgres
        await work({ sql: createSql({ tracker, placeholder, quoteId }), checks })
      },
    },
    ddlLockTimeoutMs: 500,
    statementTimeoutMs: 0,
    onStatement: () => {},
    onNotice: () => {},
    signal,
  })
}

/** `create unique index concurrently` on doubles fails and leaves an INVALID index, which is what some tests want. */
function tolerateUniqueViolation(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === '23505')) throw error
}

/** As the engine opens one to write. */
export function openSession(text: string): Promise<Session> {
  const { url } = parseDatabaseUrl(text, { name: 'the URL', cwd: '/', osUser: () => undefined })
  return postgres.connect(url, {
    intent: 'write',
    applicationName: 'test',
    attemptTimeoutMs: 10_000,
    keepaliveMs: 0,
    history: { table: 'schema_migrations', schema: undefined },
    signal: new AbortController().signal,
  })
}
