/**
 * Many tenants in schemas of one database: `npm run build && node bench/tenants.ts [--tenants 2000] [--rounds 5]`. First all
 * of them are migrated, 20 migrations each; then a start finds nothing to do, beside one of a single database. Prints the
 * times, and whether the start stays below the figure that docs/tenants.md gives.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cliPath } from '../test/helpers/cli.ts'
import { newestMajor, startPostgres } from '../test/helpers/postgres.ts'
import { describeMachine } from './machine.ts'
import { type Command, runCommand } from './run-command.ts'
import { folderOfRun } from './scratch.ts'
import { median, round } from './statistics.ts'

const { values } = parseArgs({
  options: { tenants: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '5' } },
})
const tenants = Number(values.tenants)
const rounds = Number(values.rounds)
const migrations = 20
const deadlineMs = 1_800_000
/** For a start of 2,000 tenants with nothing to do, in milliseconds. */
const figureMs = 3000

process.env.TEST_PG_PASSWORD ??= 'benchmark'
console.table(describeMachine())
await using server = await startPostgres({
  major: newestMajor,
  settings: { shared_buffers: '256MB', max_locks_per_transaction: '256' },
})
const url = server.url(await server.createDatabase())
const database = new URL(url).pathname.slice(1)
await server.query(
  database,
  `do $$ begin
  for i in 1..${tenants} loop execute format('create schema tenant_%s', i); end loop;
end $$`,
)

const first = await time(up('8'))
console.log(
  `${tenants} tenants, ${migrations} migrations each, 8 at once: ${round(first / 1000)} s, ${Math.round((tenants * 1000) / first)} tenants/s`,
)
await server.query(database, 'vacuum analyze')
const many = await repeat(up('8'))
const single = await repeat({ ...up('8'), env: { ...environment(), SLIPWAY_SCHEMA: 'tenant_1' } })
console.table([
  { start: `nothing to do, ${tenants} tenants`, 'median ms': round(many) },
  { start: 'nothing to do, one database', 'median ms': round(single) },
])
const perTenant = (many - single) / tenants
console.log(
  `${round(perTenant, 2)} ms for each tenant; within ${figureMs} ms: ${many <= figureMs ? 'yes' : 'NO'}`,
)

function environment(): Record<string, string> {
  return { SLIPWAY_DATABASE_URL: url, SLIPWAY_DIR: writeFolder() }
}

function up(concurrency: string): Command {
  const list = "select nspname from pg_namespace where nspname like 'tenant\\_%' order by 1"
  const env = { ...environment(), SLIPWAY_TENANTS: list, SLIPWAY_CONCURRENCY: concurrency }
  return { file: process.execPath, args: [cliPath, 'up'], env, cwd: folderOfRun() }
}

function writeFolder(): string {
  const dir = join(folderOfRun(), 'migrations')
  mkdirSync(dir, { recursive: true })
  for (let index = 1; index <= migrations; index++) {
    const number = String(index).padStart(4, '0')
    const text = `create table made_${number} (id bigint generated always as identity primary key, name text not null);\n`
    writeFileSync(join(dir, `${number}_made.sql`), text)
  }
  return dir
}

async function repeat(command: Command): Promise<number> {
  const times: number[] = []
  for (let turn = -1; turn < rounds; turn++) {
    const wallMs = await time(command)
    // The first turn reads files for the first time.
    if (turn >= 0) times.push(wallMs)
  }
  return median(times)
}

async function time(command: Command): Promise<number> {
  const { code, output, wallMs } = await runCommand(command, { deadlineMs })
  if (code !== 0) throw new Error(output)
  return wallMs
}
