/** `op` on every database under test: each body runs as a migration of its own, in a transaction that commits. */
import { test } from 'node:test'
import type { RunCode, Session } from '../../../src/dialects/dialect.ts'
import type { Operations } from '../../../src/dialects/operations.ts'
import { createOperations } from '../../../src/engine/context/operations.ts'
import { createTracker } from '../../../src/engine/context/tracker.ts'
import { dumpCatalogue, dumpSqliteCatalogue } from '../../helpers/catalogue.ts'
import { createTestDatabase, postgresMajors } from '../../helpers/postgres.ts'
import { readSqlite, runSqlite } from '../../helpers/sqlite.ts'
import { openSession as openPostgres } from '../postgres/open-context.ts'
import { codeAttempt, createFolder, openReady, stepwise } from '../sqlite/fixture.ts'

export interface Ground extends AsyncDisposable {
  readonly dialect: 'postgres' | 'sqlite'
  /** Runs SQL outside of any migration. */
  run(text: string): Promise<void>
  rows(text: string): Promise<readonly Record<string, unknown>[]>
  /** Commits; throws what the body throws. */
  migrate(body: (op: Operations) => Promise<unknown>): Promise<void>
  /** The same without a transaction around it. */
  migrateStepwise(body: (op: Operations) => Promise<unknown>): Promise<void>
  catalogue(): Promise<string>
}

interface Database {
  readonly label: string
  open(): Promise<Ground>
}

const databases: readonly Database[] = [
  ...postgresMajors.map((major) => ({ label: `PostgreSQL ${major}`, open: () => openOnPostgres(major) })),
  { label: 'SQLite', open: openOnSqlite },
]

/** One test for each database. */
export function testEach(name: string, work: (ground: Ground) => Promise<void>): void {
  for (const { label, open } of databases)
    test(`${label}: ${name}`, async () => {
      await using ground = await open()
      await work(ground)
    })
}

async function openOnPostgres(major: number): Promise<Ground> {
  const db = await createTestDatabase(major)
  const session = await openPostgres(db.url())
  await session.tryRunLock()
  await session.ensureHistory()
  const looking = await db.connect()
  const look = async (text: string) => [...(await looking.unsafe(text))]
  return {
    dialect: 'postgres',
    run: async (text) => void (await look(text)),
    rows: look,
    ...migrating(session),
    catalogue: () => dumpCatalogue(look),
    async [Symbol.asyncDispose]() {
      await looking[Symbol.asyncDispose]()
      await session[Symbol.asyncDispose]()
      await db[Symbol.asyncDispose]()
    },
  }
}

export async function openOnSqlite(): Promise<Ground> {
  const folder = createFolder()
  const session = await openReady(folder.file)
  return {
    dialect: 'sqlite',
    run: async (text) => runSqlite(folder.file, text),
    rows: async (text) => readSqlite(folder.file, text),
    ...migrating(session),
    catalogue: async () => dumpSqliteCatalogue(folder.file),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

function migrating(session: Session): Pick<Ground, 'migrate' | 'migrateStepwise'> {
  let count = 0
  const attemptOf = (body: (op: Operations) => Promise<unknown>) => {
    count += 1
    const name = String(count).padStart(4, '0')
    const run: RunCode = async (executor, _, open) => {
      const tracker = createTracker(executor, new AbortController().signal, name)
      await body(createOperations({ tracker, gate: { state: 'free' }, open, overhear: undefined }))
      tracker.finish()
    }
    return codeAttempt(name, run, { ddlLockTimeoutMs: 5000 })
  }
  return {
    migrate: (body) => session.applyInTransaction(attemptOf(body)),
    migrateStepwise: (body) => session.applyStepwise(stepwise(attemptOf(body))),
  }
}
