/**
 * A start with nothing to do beside bare Node: `npm run bench:start`. Options: --rounds N (31), --sizes 100,1000,10000.
 * In every round each case runs once, in an order drawn anew. "compiled" is with the code cache that an image has (see
 * docs/speed.md). Prints wall-clock times, and how many times bare Node that is.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { discoverMigrations } from '../src/files/discover.ts'
import { cliPath } from '../test/helpers/cli.ts'
import { newestMajor, type PostgresServer, startPostgres } from '../test/helpers/postgres.ts'
import { runSqlite } from '../test/helpers/sqlite.ts'
import { describeMachine } from './machine.ts'
import { type Command, runCommand } from './run-command.ts'
import { folderOfRun } from './scratch.ts'
import { median, round, shuffle } from './statistics.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '31' },
    sizes: { type: 'string', default: '100,1000,10000' },
  },
})
const deadlineMs = 60_000

interface Case {
  readonly name: string
  readonly command: Command
}

process.env.TEST_PG_PASSWORD ??= 'benchmark'
console.table(describeMachine())
await using server = await startPostgres({ major: newestMajor, settings: { shared_buffers: '128MB' } })
const bare: Case = { name: 'node -e 0', command: { file: process.execPath, args: ['-e', '0'], cwd: '/' } }
const cases = [bare]
for (const size of options.sizes.split(',').map(Number)) cases.push(...(await prepare(server, size)))
console.table(await measure(cases, Number(options.rounds)))

/** The folder with and without a manifest, both databases with all of it applied, both ways to load slipway. */
async function prepare(server: PostgresServer, size: number): Promise<Case[]> {
  const plain = writeFolder(size, 'plain')
  const withManifest = writeFolder(size, 'manifest')
  const programs = { plain: install('plain'), compiled: install('compiled') }
  execFileSync(process.execPath, [programs.plain, 'manifest', '--dir', withManifest], { stdio: 'ignore' })
  const urls = {
    PostgreSQL: server.url(await server.createDatabase()),
    SQLite: `sqlite://${join(folderOfRun(), `${size}.db`)}`,
  }
  const prepared: Case[] = []
  for (const [database, url] of Object.entries(urls)) {
    await fillHistory(server, url, plain, programs.plain)
    for (const [way, program] of Object.entries(programs))
      for (const [kind, dir] of Object.entries({ plain, manifest: withManifest })) {
        const name = `${database}, ${size}${kind === 'plain' ? '' : ', manifest'}${way === 'plain' ? '' : ', compiled'}`
        prepared.push({ name, command: up(program, url, dir) })
      }
  }
  return prepared
}

function up(program: string, url: string, dir: string): Command {
  const env = { SLIPWAY_DATABASE_URL: url, SLIPWAY_DIR: dir }
  return { file: process.execPath, args: [program, 'up'], env, cwd: folderOfRun() }
}

/** Names and texts as long as real ones. */
function writeFolder(size: number, kind: string): string {
  const dir = join(folderOfRun(), `${size}-${kind}`)
  mkdirSync(dir)
  for (let index = 0; index < size; index++) {
    const text = `-- migrate:up\ncreate table made_${index} (\n  id bigint generated always as identity primary key,\n  name text not null,\n  made_at timestamptz not null default now()\n);\n\n-- migrate:down\ndrop table made_${index};\n`
    writeFileSync(join(dir, `${20_200_101_000_000 + index}_create_table_number_${index}.sql`), text)
  }
  return dir
}

/** A copy of dist/, so that neither way disturbs the other. */
function install(way: 'plain' | 'compiled'): string {
  const home = join(folderOfRun(), way)
  rmSync(home, { recursive: true, force: true })
  cpSync(dirname(cliPath), join(home, 'dist'), { recursive: true })
  rmSync(join(home, 'dist/bundle/compiled'), { recursive: true, force: true })
  symlinkSync(join(dirname(cliPath), '../node_modules'), join(home, 'node_modules'))
  if (way === 'compiled')
    execFileSync(process.execPath, [join(home, 'dist/precompile.cjs')], { stdio: 'ignore' })
  return join(home, 'dist/slipway.cjs')
}

/** One migration makes the tables; the rows are written, as running thousands would only take longer. */
async function fillHistory(server: PostgresServer, url: string, dir: string, program: string): Promise<void> {
  const seed = join(folderOfRun(), 'seed')
  mkdirSync(seed, { recursive: true })
  writeFileSync(join(seed, '0001_seed.sql'), 'create table seed (id integer);')
  const { code, output } = await runCommand(up(program, url, seed), { deadlineMs })
  if (code !== 0) throw new Error(output)
  const { files } = await discoverMigrations(dir, { allowEmpty: false, cwd: dir })
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
  const rows = files.map(
    ({ name, checksum, source }) =>
      `(${[name, checksum, '2026-01-01T00:00:00Z'].map(quote).join()}, 1, 'bench', '0', '0', 'applied', 1, false, ${quote(source)})`,
  )
  const text = `delete from schema_migrations;
insert into schema_migrations (name, checksum, applied_at, duration_ms, applied_by, runner_version, run_id, state, statements_done, breaking, source)
values ${rows.join(',\n')};`
  if (url.startsWith('sqlite:')) return runSqlite(url.slice('sqlite://'.length), text)
  const database = new URL(url).pathname.slice(1)
  await server.query(database, text)
  await server.query(database, 'vacuum analyze schema_migrations')
}

async function measure(cases: readonly Case[], rounds: number): Promise<object[]> {
  const taken = new Map(cases.map((one) => [one, [] as number[]]))
  for (let turn = -1; turn < rounds; turn++)
    for (const one of shuffle(cases)) {
      const { code, output, wallMs } = await runCommand(one.command, { deadlineMs })
      if (code !== 0) throw new Error(`${one.name}: ${output}`)
      // The first turn reads files for the first time.
      if (turn >= 0) taken.get(one)?.push(wallMs)
    }
  const [floor] = summarise(taken.get(bare) ?? [])
  return cases.map((one) => {
    const [middle, least] = summarise(taken.get(one) ?? [])
    return {
      case: one.name,
      'median ms': round(middle),
      'min ms': round(least),
      'times node': round(middle / floor, 2),
    }
  })
}

function summarise(times: readonly number[]): [median: number, least: number] {
  return [median(times), Math.min(...times)]
}
