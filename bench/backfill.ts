/**
 * What the app feels of a backfill: `npm run bench:backfill [-- --rows 50000] [--idle 5s]`. Four clients read and update random rows of a
 * table, with pauses; first alone, then while slipway fills a column of every row. Prints the latencies of both, and whether
 * the app's p99 stays within twice its idle p99; then checks that each row was written exactly once.
 */
import { cpus, loadavg, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseDuration } from '../src/plan/duration.ts'
import { slipway } from '../test/helpers/cli.ts'
import { createDatabaseOn, newestMajor, startPostgres, type TestDatabase } from '../test/helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../test/helpers/workspace.ts'
import { round } from './statistics.ts'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, idle: { type: 'string', default: '20s' } },
})
const rows = Number(values.rows)
const idleMs = parseDuration(values.idle)
if (!Number.isSafeInteger(rows) || rows < 1 || idleMs === undefined)
  throw new Error('usage: node bench/backfill.ts [--rows N] [--idle 20s]')
const clients = 4
const betweenQueriesMs = 2
const allowed = 2

/** As a server is run, not as tests run one. */
const settings = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
}

const fill = `export const options = { transaction: false, resumable: true }
export const up = async ({ backfill }) => {
  await backfill({ table: 'accounts', set: "n = n + 1, email_lower = lower(email)" })
}
`

interface Latencies {
  readonly read: number[]
  readonly update: number[]
}

await using server = await startPostgres({ major: newestMajor, settings })
const [facts] = await server.query<{ version: string }>('postgres', 'select version()')
const [cpu] = cpus()
console.log(`${facts?.version}
${Object.entries(settings)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ')}
Node ${process.version}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()
  .map((load) => round(load))
  .join(' ')}
${rows} rows; ${clients} clients, ${betweenQueriesMs} ms between queries
`)
await using db = await createDatabaseOn(server)
await prepare(db)

const latencies: Latencies = { read: [], update: [] }
const stop = { asked: false }
const app = Array.from({ length: clients }, () => useApp(db, latencies, stop))
await sleep(2000)
const idle = await measure(() => sleep(idleMs))
const during = await measure(() => migrate(db))
stop.asked = true
await Promise.all(app)

console.table(
  (['read', 'update'] as const).flatMap((kind) => [
    { app: kind, while: 'idle', ...summarise(idle.latencies[kind]) },
    { app: kind, while: 'backfill', ...summarise(during.latencies[kind]) },
  ]),
)
const [p99Idle, p99During] = [idle, during].map((one) =>
  at([...one.latencies.read, ...one.latencies.update], 0.99),
)
const ratio = (p99During ?? 0) / (p99Idle ?? 1)
console.log(
  `backfill: ${round(during.tookMs / 1000)} s, ${Math.round((rows * 1000) / during.tookMs)} rows/s
app p99 (reads and updates): ${round(p99Idle ?? 0, 2)} ms idle, ${round(p99During ?? 0, 2)} ms during, ${round(ratio, 2)} times; within ${allowed} times: ${ratio <= allowed ? 'yes' : 'NO'}`,
)
const [counts] = await db.query<{ once: number; wrong: number }>(
  'select count(*) filter (where n = 1)::int as once, count(*) filter (where n <> 1)::int as wrong from accounts',
)
console.log(
  `rows written exactly once: ${counts?.once} of ${rows}${counts?.wrong === 0 ? '' : `, WRONG: ${counts?.wrong}`}`,
)
process.exitCode = ratio <= allowed && counts?.once === rows ? 0 : 1

async function prepare(target: TestDatabase): Promise<void> {
  await target.query(
    'create table accounts (id integer primary key, email text not null, note text, email_lower text, touched integer not null default 0, n integer not null default 0)',
  )
  await target.query(
    `insert into accounts (id, email, note) select i, 'User' || i || '@Example.com', repeat('x', 80) from generate_series(1, ${rows}) as i`,
  )
  await target.query('vacuum (analyze) accounts')
  await target.query('checkpoint')
}

async function useApp(
  target: TestDatabase,
  told: Latencies,
  end: { readonly asked: boolean },
): Promise<void> {
  await using sql = await target.connect()
  while (!end.asked) {
    const id = 1 + Math.floor(Math.random() * rows)
    const began = performance.now()
    await sql`select email, note from accounts where id = ${id}`
    const read = performance.now()
    told.read.push(read - began)
    await sleep(betweenQueriesMs)
    const updating = performance.now()
    await sql`update accounts set touched = touched + 1 where id = ${id}`
    told.update.push(performance.now() - updating)
    await sleep(betweenQueriesMs)
  }
}

async function measure(work: () => Promise<unknown>): Promise<{ latencies: Latencies; tookMs: number }> {
  latencies.read.length = 0
  latencies.update.length = 0
  const began = performance.now()
  await work()
  const tookMs = performance.now() - began
  return { latencies: { read: [...latencies.read], update: [...latencies.update] }, tookMs }
}

async function migrate(target: TestDatabase): Promise<void> {
  using workspace = createWorkspace()
  const { code, stderr } = await slipway(['up'], {
    env: {
      SLIPWAY_DATABASE_URL: target.url(),
      SLIPWAY_DIR: writeMigrations(workspace, { '0001_fill.ts': fill }),
      SLIPWAY_LOG_FORMAT: 'json',
    },
    timeoutMs: 3_600_000,
  })
  if (code !== 0) throw new Error(stderr)
}

function summarise(all: readonly number[]): object {
  return {
    queries: all.length,
    'p50 ms': round(at(all, 0.5), 2),
    'p95 ms': round(at(all, 0.95), 2),
    'p99 ms': round(at(all, 0.99), 2),
    'max ms': round(at(all, 1), 1),
  }
}

function at(all: readonly number[], share: number): number {
  const sorted = all.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
