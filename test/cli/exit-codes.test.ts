/** Every way to end is reached by some test that runs slipway, or it is written down here why not. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type ErrorCode, errorTable, exitCodes } from '../../src/errors.ts'
import { type RunningSlipway, slipway, startSlipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const outOfReach: Partial<Record<ErrorCode, string>> = {
  bug: 'is thrown where the code does not expect to come',
  'disk-full':
    'needs a server whose disk is full before a migration begins; inside one it is migration-failed',
}

test('each error code is named in a test of a running slipway, or out of reach', () => {
  const names = globSync('{cli,dialect,pooler}/**/*.test.ts', { cwd: join(import.meta.dirname, '..') })
  const texts = names.map((name) => readFileSync(join(import.meta.dirname, '..', name), 'utf8'))
  // The list above must not count as a test.
  const listed = /const outOfReach[^}]*\}/
  const all = texts.map((text) => text.replace(listed, '')).join('\n')
  const isTested = (code: string) => new RegExp(`['"^]${code}['":]`).test(all)
  const missing = Object.keys(errorTable).filter(
    (code) => !isTested(code) && !Object.hasOwn(outOfReach, code),
  )
  assert.deepEqual(missing, [], 'neither tested nor out of reach')
})

test('the numbers are those of the contract', () => {
  assert.deepEqual(
    [...new Set(Object.values(exitCodes))].sort((a, b) => a - b),
    [0, 1, 3, 64, 65, 66, 69, 70, 73, 75, 77, 78, 79, 80, 130, 143],
  )
})

interface Ending {
  readonly code: ErrorCode
  readonly exit: number
  readonly files: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** While it runs. */
  readonly meanwhile?: (running: RunningSlipway, db: TestDatabase) => Promise<unknown>
  readonly before?: (db: TestDatabase) => Promise<unknown>
  readonly message: RegExp
}

const sleeping = { '0001_a.sql': 'create table a (id integer);', '0002_sleep.sql': 'select pg_sleep(60);' }
const good = { '0001_a.sql': 'create table a (id integer);' }
const isSleeping = (db: TestDatabase) =>
  until('the migration sleeps', async () => {
    const rows = await db.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    )
    return rows[0]?.pid
  })

async function stopWith(signal: NodeJS.Signals, running: RunningSlipway, db: TestDatabase): Promise<void> {
  await isSleeping(db)
  running.kill(signal)
}

const endings: readonly Ending[] = [
  {
    code: 'terminated',
    exit: 143,
    files: sleeping,
    meanwhile: async (running, db) => stopWith('SIGTERM', running, db),
    message: /stopped by SIGTERM/,
  },
  {
    code: 'interrupted',
    exit: 130,
    files: sleeping,
    meanwhile: async (running, db) => stopWith('SIGINT', running, db),
    message: /stopped by SIGINT/,
  },
  {
    code: 'session-lost',
    exit: 75,
    files: sleeping,
    meanwhile: async (_, db) => db.query(`select pg_terminate_backend(${await isSleeping(db)})`),
    message: /the connection was lost while 0002_sleep ran/,
  },
  {
    code: 'escaped',
    exit: 79,
    files: {
      '0001_a.ts':
        'export const up = async ({ sql }) => { await sql.raw("create table a (id integer); commit; select 1") }\n',
    },
    message: /0001_a ended its own transaction/,
  },
  {
    code: 'history-mismatch',
    exit: 65,
    files: {
      ...good,
      '0002_b.sql': "update schema_migrations set checksum = 'forged' where name = '0001_a';",
    },
    message: /history does not hold as applied: 0001_a/,
  },
  {
    code: 'transient',
    exit: 75,
    files: {
      '0001_a.sql':
        "insert into schema_migrations (name, checksum, applied_by, runner_version, run_id, state, source) values ('0002_b', '', '', '', '', 'applied', '');",
      '0002_b.sql': 'create table b (id integer);',
    },
    message: /another runner recorded 0002_b meanwhile/,
  },
  {
    code: 'history-broken',
    exit: 65,
    files: good,
    before: (db) =>
      db.query(
        "create view schema_migrations as select 1 / (n - n) as id, '' as name, '' as checksum, now() as applied_at, 0 as duration_ms, '' as applied_by, '' as runner_version, '' as run_id, '' as state, 0 as statements_done, false as breaking, '' as source from (values (1)) as v (n)",
      ),
    message: /working on .*: division by zero/,
  },
  {
    code: 'read-only',
    exit: 69,
    files: good,
    env: { SLIPWAY_WAIT_TIMEOUT: '300ms' },
    before: (db) => db.query(`alter database "${db.name}" set default_transaction_read_only = on`),
    message: /default_transaction_read_only is on/,
  },
]

for (const { code, exit, files, env = {}, before, meanwhile, message } of endings)
  test(code, async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
    )
    await before?.(db)
    const running = startSlipway(['up'], {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: db.url(), ...env },
    })
    await meanwhile?.(running, db)
    expectEnding(await running.done, code, exit, message)
  })

function expectEnding(
  result: { code: number | null; stderr: string },
  code: ErrorCode,
  exit: number,
  message: RegExp,
) {
  const { error } = JSON.parse(result.stderr.trimEnd().split('\n').at(-1) ?? '{}')
  assert.deepEqual([error?.code, result.code], [code, exit], result.stderr)
  assert.match(error.message, message)
  assert.ok(error.hint !== '')
}

describe('what another holds', () => {
  test('lock-timeout: who holds the run lock', async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace(
      Object.fromEntries(Object.entries(sleeping).map(([name, text]) => [`migrations/${name}`, text])),
    )
    const options = {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_LOCK_TIMEOUT: '300ms' },
    }
    const holder = startSlipway(['up'], options)
    const pid = await isSleeping(db)
    const result = await slipway(['up'], options)
    expectEnding(
      result,
      'lock-timeout',
      75,
      new RegExp(`held by pid ${pid} \\(slipway/\\d.*, running: select pg_sleep`),
    )
    assert.match(result.stderr, /wait for it, or end it: slipway unlock --terminate/)
    holder.kill('SIGTERM')
    assert.equal((await holder.done).code, 143)
  })

  test('ddl-lock-timeout: who holds the table', async () => {
    await using db = await createTestDatabase(newestMajor)
    await db.query('create table a (id integer)')
    using workspace = createWorkspace({ 'migrations/0001_a.sql': 'alter table a add b integer;' })
    await using session = await db.connect()
    await session.unsafe("begin; set application_name = 'the app'; lock table a in access share mode")
    const env = {
      SLIPWAY_DATABASE_URL: db.url(),
      SLIPWAY_DDL_LOCK_TIMEOUT: '50ms',
      SLIPWAY_DDL_RETRY_FOR: '0',
    }
    const result = await slipway(['up'], { cwd: workspace.dir, env })
    expectEnding(
      result,
      'ddl-lock-timeout',
      75,
      /0001_a failed.*lock timeout.*held up by pid \d+ \(the app\)/,
    )
  })
})
