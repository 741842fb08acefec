/**
 * What the app feels of a backfill: `npm run bench:backfill [-- --rows 50000] [--window 5s]`. Four clients read and update random
 * rows of a table, with pauses, from beginning to end; slipway fills a column of every row, stopping after each window
 * (`--max-duration`) for an idle one, so that whatever else slows the machine down hits both. A process that starts is told
 * by itself: a real backfill has one. Prints each window, the app's p99 in both kinds and whether it stays within twice the idle one,
 * against the idle window before all others as well; then checks that each row was written exactly once.
 */
import { cpus, loadavg, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseDuration } from '../src/plan/duration.ts'
import { startSlipway } from '../test/helpers/cli.ts'
import { createDatabaseOn, newestMajor, startPostgres, type TestDatabase } from '../test/helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../test/helpers/workspace.ts'
import { round } from './statistics.ts'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, window: { type: 'string', default: '10s' } },
})
const rows = Number(values.rows)
const windowMs = parseDuration(values.window)
if (!Number.isSafeInteger(rows) || rows < 1 || windowMs === undefined || windowMs < 1)
  throw new Error('usage: node bench/backfill.ts [--rows N] [--window 10s]')
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

/** `between`: a process of slipway starts. */
type Phase = 'idle' | 'backfill' | 'between'
type Kind = 'read' | 'update'

interface Sample {
  readonly kind: Kind
  readonly ms: number
}

interface Window {
  readonly phase: Phase
  readonly samples: readonly Sample[]
  readonly tookMs: number
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
${rows} rows; ${clients} clients, ${betweenQueriesMs} ms between queries; windows of ${round(windowMs / 1000)} s
`)
await using db = await createDatabaseOn(server)
await prepare(db)

const app = { samples: [] as Sample[], stop: false }
const windows: Window[] = []
const users = Array.from({ length: clients }, () => useApp(db))
await sleep(2000)
await migrateInWindows(db)
await open('idle', () => sleep(windowMs))
app.stop = true
await Promise.all(users)

console.table(
  windows.map(({ phase, samples, tookMs }) => ({
    while: phase,
    s: round(tookMs / 1000),
    ...summarise(samples),
  })),
)
console.table(
  (['read', 'update'] as const).flatMap((kind) =>
    (['idle', 'backfill'] as const).map((phase) => ({
      app: kind,
      while: phase,
      ...summarise(samplesOf(phase).filter((sample) => sample.kind === kind)),
    })),
  ),
)
const [before = []] = windows.map(({ samples }) => samples)
const backfilling = samplesOf('backfill')
const tookMs = windows.reduce((sum, one) => sum + (one.phase === 'backfill' ? one.tookMs : 0), 0)
const ratio = compare('idle windows', samplesOf('idle'), backfilling)
compare('the idle window before any of it', before, backfilling)
compare('idle windows, process starts counted', samplesOf('idle'), [...backfilling, ...samplesOf('between')])
console.log(
  `within ${allowed} times its idle p99: ${ratio <= allowed ? 'yes' : 'NO'}; backfill: ${round(tookMs / 1000)} s, ${Math.round((rows * 1000) / tookMs)} rows/s`,
)
const [counts] = await db.query<{ once: number; wrong: number }>(
  'select count(*) filter (where n = 1)::int as once, count(*) filter (where n <> 1)::int as wrong from accounts',
)
console.log(
  `rows written exactly once: ${counts?.once} of ${rows}${counts?.wrong === 0 ? '' : `, WRONG: ${counts?.wrong}`}`,
)
process.exitCode = ratio <= allowed && counts?.once === rows ? 0 : 1

function samplesOf(phase: Phase): Sample[] {
  return windows.flatMap((one) => (one.phase === phase ? one.samples : []))
}

function compare(what: string, idle: readonly Sample[], during: readonly Sample[]): number {
  const [p99Idle, p99During] = [idle, during].map((samples) => at(samples, 0.99)) as [number, number]
  const times = p99During / p99Idle
  console.log(
    `app p99 against ${what}: ${round(p99Idle, 2)} ms idle, ${round(p99During, 2)} ms during the backfill: ${round(times, 2)} times`,
  )
  return times
}

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

async function useApp(target: TestDatabase): Promise<void> {
  await using sql = await target.connect()
  const timed = async (kind: Kind, query: () => Promise<unknown>) => {
    // It counts for the window in which it began, even if it ends later: the slow ones are those that do.
    const { samples } = app
    const began = performance.now()
    await query()
    samples.push({ kind, ms: performance.now() - began })
    await sleep(betweenQueriesMs)
  }
  while (!app.stop) {
    const id = 1 + Math.floor(Math.random() * rows)
    await timed('read', () => sql`select email, note from accounts where id = ${id}`)
    await timed('update', () => sql`update accounts set touched = touched + 1 where id = ${id}`)
  }
}

async function open<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
  const samples: Sample[] = []
  app.samples = samples
  const began = performance.now()
  const result = await work()
  windows.push({ phase, samples, tookMs: performance.now() - began })
  return result
}

/** Idle, then as much of the backfill as a window has time for, until it is done. */
async function migrateInWindows(target: TestDatabase): Promise<void> {
  using workspace = createWorkspace()
  const env = {
    SLIPWAY_DATABASE_URL: target.url(),
    SLIPWAY_DIR: writeMigrations(workspace, { '0001_fill.ts': fill }),
    SLIPWAY_LOG_FORMAT: 'json',
    SLIPWAY_MAX_DURATION: `${windowMs}ms`,
  }
  for (;;) {
    await open('idle', () => sleep(windowMs))
    const run = startSlipway(['up'], { env, timeoutMs: 3_600_000 })
    // The first is told before the first batch.
    await open('between', () => run.waitForOutput(/"event":"progress"/))
    const { code, stderr } = await open('backfill', () => run.done)
    if (code === 0) return
    if (code !== 3) throw new Error(stderr)
  }
}

function summarise(samples: readonly Sample[]): object {
  return {
    queries: samples.length,
    'p50 ms': round(at(samples, 0.5), 2),
    'p95 ms': round(at(samples, 0.95), 2),
    'p99 ms': round(at(samples, 0.99), 2),
    'max ms': round(at(samples, 1), 1),
  }
}

function at(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
