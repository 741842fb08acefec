/**
 * How long readers are stalled while a migration alters tables that another transaction holds: `npm run bench:ddl-lock`.
 * Eight readers query the tables in a loop; a transaction that has read them stays open for five seconds; a migration
 * starts in that time and has to get through by itself. Prints the readers' latencies, and whether the worst one stays
 * within the DDL lock timeout plus 150 ms. The first row, without a migration, is the noise of the machine. "In turns"
 * is three transactions of 400 ms each, over and over: no single wait is long, but together they would be. A SQL
 * migration has one budget for all its locks; in a script each statement has its own, so there the sum shows.
 */
import { cpus, loadavg, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { slipway } from '../test/helpers/cli.ts'
import { createDatabaseOn, newestMajor, startPostgres, type TestDatabase } from '../test/helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../test/helpers/workspace.ts'

const readers = 8
const heldMs = 5000
const turnMs = 400
const lockTimeoutMs = 500
const boundMs = lockTimeoutMs + 150
const betweenQueriesMs = 2

interface Scenario {
  readonly name: string
  readonly tables: string
  readonly read: readonly string[]
  /** Read by the transaction that stays open. */
  readonly held: readonly string[]
  readonly hold: (db: TestDatabase, tables: readonly string[]) => Promise<void>
  readonly alter: readonly string[]
}

const one: Scenario = {
  name: 'one table',
  tables: 'create table a (id integer primary key)',
  read: ['a'],
  held: ['a'],
  hold: holdTogether,
  alter: ['a'],
}
const three: Scenario = {
  name: 'three tables',
  tables: ['a', 'b', 'c'].map((name) => `create table ${name} (id integer primary key)`).join(';'),
  read: ['a', 'b', 'c'],
  held: ['a', 'b', 'c'],
  hold: holdTogether,
  alter: ['a', 'b', 'c'],
}
const partitions: Scenario = {
  name: 'one table, three partitions',
  tables: `create table a (id integer primary key) partition by range (id);
create table a_1 partition of a for values from (0) to (1000);
create table a_2 partition of a for values from (1000) to (2000);
create table a_3 partition of a for values from (2000) to (3000)`,
  read: ['a', 'a_1', 'a_2', 'a_3'],
  held: ['a'],
  hold: holdTogether,
  alter: ['a'],
}
const scenarios: readonly Scenario[] = [
  one,
  three,
  { ...three, name: 'three tables, the last one held', held: ['c'] },
  { ...three, name: 'three tables, held in turns', hold: holdInTurns },
  partitions,
  { ...partitions, name: 'three partitions, the last one held', held: ['a_3'] },
]

const statement = (table: string) => `alter table ${table} add column note text`
const languages = {
  SQL: ({ alter }: Scenario) => ({ '0001_alter.sql': `${alter.map(statement).join(';\n')};\n` }),
  TypeScript: ({ alter }: Scenario) => ({
    '0001_alter.ts': `export const up = async ({ sql }) => {\n${alter.map((table) => `  await sql\`${statement(table)}\`\n`).join('')}}\n`,
  }),
} as const

interface Measured {
  readonly latencies: readonly number[]
  readonly attempts: number
  readonly doneMs: number
}

await using server = await startPostgres({ major: newestMajor })
await printMachine()
console.table([
  { tables: 'one table', migration: 'none', ...summarise(await measure(one, undefined)) },
  ...(await measureAll()),
])

async function measureAll(): Promise<object[]> {
  const rows: object[] = []
  for (const [language, write] of Object.entries(languages)) {
    for (const scenario of scenarios) {
      const measured = await measure(scenario, write(scenario))
      rows.push({ tables: scenario.name, migration: language, ...summarise(measured) })
    }
  }
  return rows
}

async function measure(
  scenario: Scenario,
  migration: Readonly<Record<string, string>> | undefined,
): Promise<Measured> {
  await using db = await createDatabaseOn(server)
  await db.query(scenario.tables)
  await db.query(`insert into ${scenario.alter[0]} select generate_series(0, 2999)`)
  const latencies: number[] = []
  const stop = { asked: false }
  const reading = Array.from({ length: readers }, () => readInLoop(db, scenario.read, latencies, stop))
  await sleep(500)
  latencies.length = 0
  const began = performance.now()
  const holding = scenario.hold(db, scenario.held)
  const migrating = migration === undefined ? undefined : migrate(db, migration)
  await holding
  const attempts = (await migrating) ?? 0
  const doneMs = performance.now() - began
  stop.asked = true
  await Promise.all(reading)
  return { latencies, attempts, doneMs }
}

async function holdTogether(db: TestDatabase, tables: readonly string[]): Promise<void> {
  await using sql = await db.connect()
  await sql.unsafe(`begin; ${tables.map((table) => `select count(*) from ${table}`).join(';')}`)
  await sleep(heldMs)
  await sql.unsafe('commit')
}

async function holdInTurns(db: TestDatabase, tables: readonly string[]): Promise<void> {
  const until = performance.now() + heldMs
  const holdOne = async (table: string, offsetMs: number) => {
    await using sql = await db.connect()
    await sleep(offsetMs)
    while (performance.now() < until) {
      await sql.unsafe(`begin; select count(*) from ${table}`)
      await sleep(turnMs)
      await sql.unsafe('commit')
    }
  }
  await Promise.all(
    tables.map((table, index) => holdOne(table, ((tables.length - 1 - index) * turnMs) / tables.length)),
  )
}

async function readInLoop(
  db: TestDatabase,
  tables: readonly string[],
  latencies: number[],
  stop: { readonly asked: boolean },
): Promise<void> {
  await using sql = await db.connect()
  for (let turn = 0; !stop.asked; turn++) {
    const table = tables[turn % tables.length] ?? ''
    const began = performance.now()
    await sql.unsafe(`select id from ${table} limit 1`)
    latencies.push(performance.now() - began)
    await sleep(betweenQueriesMs)
  }
}

/** Returns how many attempts it took. */
async function migrate(db: TestDatabase, files: Readonly<Record<string, string>>): Promise<number> {
  using workspace = createWorkspace()
  const env = {
    SLIPWAY_DATABASE_URL: db.url(),
    SLIPWAY_DIR: writeMigrations(workspace, files),
    SLIPWAY_DDL_LOCK_TIMEOUT: `${lockTimeoutMs}ms`,
    SLIPWAY_LOG_FORMAT: 'json',
  }
  const { code, stderr } = await slipway(['up'], { env })
  if (code !== 0) throw new Error(stderr)
  return stderr.split('"event":"step-retrying"').length
}

function summarise({ latencies, attempts, doneMs }: Measured): object {
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const max = sorted.at(-1) ?? 0
  return {
    attempts,
    'done s': round(doneMs / 1000),
    queries: sorted.length,
    'p50 ms': round(at(0.5)),
    'p95 ms': round(at(0.95)),
    'p99 ms': round(at(0.99)),
    'max ms': round(max),
    [`within ${boundMs} ms`]: max <= boundMs ? 'yes' : 'NO',
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

async function printMachine(): Promise<void> {
  const [facts] = await server.query<{ version: string }>('postgres', 'select version()')
  const [cpu] = cpus()
  console.log(
    `${facts?.version}
Node ${process.version}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg().map(round).join(' ')}
${readers} readers, ${betweenQueriesMs} ms between queries; tables held for ${heldMs} ms; DDL lock timeout ${lockTimeoutMs} ms
`,
  )
}
