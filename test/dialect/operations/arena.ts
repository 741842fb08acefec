/** `op` on every database under test: each body runs as a migration of its own, in a transaction that commits. */
import { after, type TestContext, test } from 'node:test'
import type { Executor, RunCode, Session } from '../../../src/dialects/dialect.ts'
import type { Operations } from '../../../src/dialects/operations.ts'
import { createOperations } from '../../../src/engine/context/operations.ts'
import { createTracker } from '../../../src/engine/context/tracker.ts'
import { dumpCatalogue, dumpSqliteCatalogue } from '../../helpers/catalogue.ts'
import { createTestDatabase, postgresMajors } from '../../helpers/postgres.ts'
import { readSqlite, runSqlite } from '../../helpers/sqlite.ts'
import { openSession as openPostgres } from '../postgres/open-context.ts'
import { codeAttempt, createFolder, openReady, stepwise } from '../sqlite/fixture.ts'

/** `queries`: what the migration's own SQL goes through. */
export type Body = (op: Operations, queries: Executor) => Promise<unknown>

export interface Ground extends AsyncDisposable {
  readonly dialect: 'postgres' | 'sqlite'
  /** Runs SQL outside of any migration. */
  run(text: string): Promise<void>
  rows(text: string): Promise<readonly Record<string, unknown>[]>
  /** Commits; throws what the body throws. */
  migrate(body: Body): Promise<void>
  /** The same without a transaction around it. */
  migrateStepwise(body: Body): Promise<void>
  catalogue(): Promise<string>
  /** Of all there is but the history. */
  empty(): Promise<void>
}

const shared = new Map<number, Promise<Ground>>()
after(async () => {
  for (const ground of shared.values()) await (await ground)[Symbol.asyncDispose]()
})

/** One for each test file: making a database takes longer than most tests in it. */
async function openOnPostgres(major: number): Promise<Ground> {
  const known = shared.get(major)
  const ground = known ?? makeOnPostgres(major)
  shared.set(major, ground)
  if (known !== undefined) await (await known).empty()
  return { ...(await ground), async [Symbol.asyncDispose]() {} }
}

const databases = [
  ...postgresMajors.map((major) => ({ label: `PostgreSQL ${major}`, open: () => openOnPostgres(major) })),
  { label: 'SQLite', open: openOnSqlite },
]

/** One test for each database, which is empty. */
export function testEach(name: string, work: (ground: Ground, context: TestContext) => Promise<void>): void {
  for (const { label, open } of databases)
    test(`${label}: ${name}`, async (context) => {
      await using ground = await open()
      await work(ground, context)
    })
}

/** The same on PostgreSQL alone. */
export function testPostgres(name: string, work: (ground: Ground) => Promise<void>): void {
  for (const major of postgresMajors)
    test(`PostgreSQL ${major}: ${name}`, async () => await work(await openOnPostgres(major)))
}

const emptying = `do $$ declare item record; begin
  for item in
    select format('drop %s if exists %I cascade', case relkind when 'v' then 'view' else 'table' end, relname) as text
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') and relname !~ '^schema_migrations'
    union all
    select format('drop type if exists %I cascade', typname)
    from pg_type where typnamespace = 'public'::regnamespace and typtype = 'e'
  loop execute item.text; end loop;
end $$`

async function makeOnPostgres(major: number): Promise<Ground> {
  const db = await createTestDatabase(major)
  const session = await openPostgres(db.url())
  await session.tryRunLock()
  await session.ensureHistory()
  const looking = await db.connect()
  const look = async (text: string) => [...(await looking.unsafe(text))]
  const run = async (text: string) => void (await look(text))
  return {
    dialect: 'postgres',
    run,
    rows: look,
    ...migrating(session),
    catalogue: () => dumpCatalogue(look),
    empty: () => run(emptying),
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
    empty: async () => {},
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

function migrating(session: Session): Pick<Ground, 'migrate' | 'migrateStepwise'> {
  let count = 0
  const attemptOf = (body: Body) => {
    count += 1
    const name = String(count).padStart(4, '0')
    const run: RunCode = async (executor, _, open) => {
      const tracker = createTracker(executor, new AbortController().signal, name)
      const op = createOperations({ tracker, gate: { state: 'free' }, open })
      await body(op, executor)
      tracker.finish()
    }
    return codeAttempt(name, run, { ddlLockTimeoutMs: 5000 })
  }
  return {
    migrate: (body) => session.applyInTransaction(attemptOf(body)),
    migrateStepwise: (body) => session.applyStepwise(stepwise(attemptOf(body))),
  }
}
