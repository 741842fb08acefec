/** A run of `up` that the test interrupts, and what must hold of its end. */
import assert from 'node:assert/strict'
import { type RunningSlipway, type SlipwayResult, slipway, startSlipway } from './cli.ts'
import { faultOptions } from './fault-point.ts'
import { createDatabaseOn, createTestDatabase, newestMajor, type TestDatabase } from './postgres.ts'
import type { PostgresServer } from './postgres-server.ts'
import { type PostgresProxy, startProxy } from './proxy.ts'
import { until } from './until.ts'
import { createWorkspace, type Workspace, writeMigrations } from './workspace.ts'

export interface Stage {
  readonly db: TestDatabase
  readonly proxy: PostgresProxy
  readonly workspace: Workspace
  /** Starts `up`, through the proxy unless `direct`; pretty output; `fault` as in fault-point.ts. */
  start(options?: { direct?: boolean; env?: Record<string, string>; fault?: string }): RunningSlipway
  /** `up` past the proxy, which must succeed, and the effects it leaves. */
  recover(): Promise<string[]>
  /** Resolves when a migration waits (see `waitingScript`). */
  waiting(): Promise<unknown>
  /** Lets it go on. */
  go(): void
  /** Lets the statement of `patientMigrations` end. */
  allow(): Promise<unknown>
  /** Ends the runners' sessions at the server. */
  evict(): Promise<void>
  /** Process ids of the runners' sessions at the server. */
  backends(): Promise<number[]>
  /** Advisory locks in this database. */
  locks(): Promise<number>
  /** Resolves when a runner's statement that matches is being executed. */
  executing(pattern: string): Promise<number>
  effects(): Promise<string[]>
  /** Name and state, in order. */
  history(): Promise<string[]>
}

/** A TypeScript migration with an effect before and after it waits for the test. */
export const waitingScript = `import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Migration } from 'slipway'
export const up: Migration = async ({ sql }) => {
  const place = process.env.TEST_PLACE
  await sql\`insert into effects values ('before')\`
  if (place !== undefined) {
    writeFileSync(place + '/waiting', '')
    while (!existsSync(place + '/go')) await sleep(10)
  }
  await sql\`insert into effects values ('after')\`
}`

export const effectsTable: string = 'create table effects (name text not null);'

/** A statement in the middle of `0002_sleeps` waits for `allow`. */
export function patientMigrations(kind: 'transaction' | 'stepwise'): Record<string, string> {
  return {
    '0001_effects.sql': `${effectsTable}\ncreate table patience ();`,
    '0002_sleeps.sql': `-- migrate:up transaction:${kind === 'transaction'}
insert into effects values ('before');
do $$ begin while not exists (select from patience) loop perform pg_sleep(0.02); end loop; end $$;
insert into effects values ('after');`,
  }
}

export async function withStage(
  migrations: Readonly<Record<string, string>>,
  work: (stage: Stage) => Promise<void>,
  server?: PostgresServer,
): Promise<void> {
  using workspace = createWorkspace()
  const own = server === undefined ? createTestDatabase(newestMajor) : createDatabaseOn(server)
  await using db = await own
  await using proxy = await startProxy(db.server)
  await work(setStage(workspace, db, proxy, migrations))
}

function setStage(
  workspace: Workspace,
  db: TestDatabase,
  proxy: PostgresProxy,
  migrations: Readonly<Record<string, string>>,
): Stage {
  const dir = writeMigrations(workspace, migrations)
  const strings = async (text: string) => (await db.query<{ text: string }>(text)).map((row) => row.text)
  const stage: Stage = {
    db,
    proxy,
    workspace,
    start: ({ direct = false, env = {}, fault } = {}) =>
      startSlipway(['up'], {
        ...(fault === undefined ? {} : { nodeOptions: faultOptions({ fault }).nodeOptions }),
        env: {
          SLIPWAY_DATABASE_URL: direct ? db.url() : proxy.through(db.url()),
          SLIPWAY_DIR: dir,
          SLIPWAY_LOG_FORMAT: 'pretty',
          TEST_PLACE: workspace.dir,
          ...(fault === undefined ? {} : faultOptions({ fault }).env),
          ...env,
        },
      }),
    recover: async () => {
      const result = await slipway(['up'], { env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir } })
      assert.equal(result.code, 0, result.stderr)
      return stage.effects()
    },
    waiting: () => until('the migration waits', () => workspace.has('waiting')),
    go: () => workspace.write({ go: '' }),
    allow: () => db.query('insert into patience default values'),
    evict: async () => {
      for (const pid of await stage.backends()) await db.query('select pg_terminate_backend($1)', [pid])
      await until('the sessions are gone', async () => (await stage.backends()).length === 0)
    },
    backends: async () => {
      const rows = await db.query<{ pid: number }>(
        "select pid from pg_stat_activity where datname = current_database() and application_name like 'slipway/%'",
      )
      return rows.map(({ pid }) => pid)
    },
    locks: async () => {
      const rows = await db.query(
        "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      )
      return rows.length
    },
    executing: (pattern) =>
      until(`a runner executes ${pattern}`, async () => {
        const [row] = await db.query<{ pid: number }>(
          "select pid from pg_stat_activity where datname = current_database() and application_name like 'slipway/%' and state = 'active' and query like $1",
          [`%${pattern}%`],
        )
        return row?.pid
      }),
    effects: () => strings('select name as text from effects order by name'),
    history: () => strings("select name || ' ' || state as text from schema_migrations order by id"),
  }
  return stage
}

/** The exit code, the message, once, with the next command, and nothing that looks like a stack trace. */
export function assertFailure(result: SlipwayResult, code: number, message: RegExp): void {
  const shown = `exit ${result.code ?? result.signal}\n${result.stderr}`
  assert.equal(result.code, code, shown)
  const failures = result.stderr.split('\n').filter((line) => message.test(line))
  assert.equal(failures.length, 1, `${message} once in\n${shown}`)
  assert.match(result.stderr, /^\s*next: /m, shown)
  assert.doesNotMatch(result.stderr, /^\s+at (async |new |node:|file:|\S+ \()/m, shown)
  assert.doesNotMatch(result.stderr, /bug in slipway|node_modules/, shown)
}
