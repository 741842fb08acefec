/**
 * Runs the test files with Node's own runner. `node test/run.ts [suite] [filter …]`:
 * - default: everything but the suites below, against PostgreSQL 18, within ten minutes on two processors;
 * - slow: test/slow/, what is exhaustive rather than telling, in the folders of the tests it belongs to, and
 *   whole runs through poolers, at once, and of real schemas; the package as npm installs it; PostgreSQL 14 and 18;
 * - faults: test/faults/, kills at every step;
 * - browser: test/browser/, the status page in Chromium;
 * - k8s: test/k8s/, manifests and the chart, without a cluster (`npm ci --prefix test/k8s` first);
 * - workflows: test/workflows/, what GitHub runs, and the recipes in docs/deploy/ (`npm ci --prefix test/workflows` first);
 * - adopt: test/adopt/, with other migration tools (`npm run bench:peers` installs them; SLIPWAY_BENCH_PEERS: elsewhere);
 * - majors: what talks to a database, against the other majors (`npm ci --prefix test/majors` first);
 * - node22, node24: the command line on the oldest Node it supports and on the LTS before the current one
 *   (`npm ci --prefix test/nodes` first).
 * test/image/ has a runner of its own: it needs an engine for containers, and no server.
 * It starts the PostgreSQL servers of the run, hands their coordinates down, removes all that the run left in its
 * folder, and fails if the password of the run shows anywhere.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { findLeaksInFiles } from './helpers/leak-log.ts'
import { testPassword } from './helpers/password.ts'
import { killPoolerNow, withoutPgbouncer } from './helpers/pgbouncer.ts'
import { removeFolderNow, stopNow } from './helpers/postgres-process.ts'

const root = join(import.meta.dirname, '..')
const suites = {
  default: {
    majors: '18',
    dumps: true,
    timeoutMs: 300_000,
    has: (file: string) =>
      !isSlow(file) && !/^test\/(faults|majors|adopt|browser|image|k8s|workflows)\//.test(file),
  },
  slow: {
    majors: '14,18',
    timeoutMs: 900_000,
    has: isSlow,
  },
  faults: { majors: '14,18', timeoutMs: 1_800_000, has: (file: string) => file.startsWith('test/faults/') },
  browser: { majors: '18', timeoutMs: 300_000, has: (file: string) => file.startsWith('test/browser/') },
  k8s: { majors: '', timeoutMs: 300_000, has: (file: string) => file.startsWith('test/k8s/') },
  workflows: { majors: '18', timeoutMs: 300_000, has: (file: string) => file.startsWith('test/workflows/') },
  adopt: { majors: '14,18', timeoutMs: 600_000, has: (file: string) => file.startsWith('test/adopt/') },
  majors: {
    majors: '13,14,15,16,17',
    timeoutMs: 300_000,
    has: (file: string) => /^test\/(slow\/)?(dialect|acceptance|helpers\/(postgres|catalogue))/.test(file),
  },
  node22: { majors: '18', dumps: true, timeoutMs: 300_000, has: runsTheCli },
  node24: { majors: '18', dumps: true, timeoutMs: 300_000, has: runsTheCli },
} as const

/** Folders, and files that belong where they are but would take the default suite's ten minutes. */
const slow = [
  /^test\/(slow|pooler|acceptance|concurrency|package)\//,
  /^test\/helpers\/(postgres|catalogue)\.test/,
  /^test\/cli\/(adopt|bad-adopt|bad-offline|down-backup)\.test/,
  /^test\/docs\/coming-from\.test/,
  /^test\/tenants\/(one|crowded)\.test/,
]

function isSlow(file: string): boolean {
  return slow.some((pattern) => pattern.test(file))
}

function runsTheCli(file: string): boolean {
  return /^test\/(cli|acceptance|concurrency\/starters)/.test(file)
}

/** The tests themselves need the Node that they are started with. */
function findNode(name: string): string {
  const path = join(
    root,
    `test/nodes/node_modules/${name.replace('node', 'node-')}-${process.platform}-${process.arch}/bin/node`,
  )
  if (!existsSync(path)) throw new Error(`no ${path}; first: npm ci --prefix test/nodes`)
  return path
}

const [first = 'default', ...rest] = process.argv.slice(2)
const named = first in suites
const suite = suites[(named ? first : 'default') as keyof typeof suites]
const filters = named ? rest : [first, ...rest]
const files = globSync('test/**/*.test.ts', { cwd: root, exclude: ['**/node_modules', 'test/tmp'] })
  .map((file) => file.split(sep).join('/'))
  .filter(
    (file) => suite.has(file) && (filters.length === 0 || filters.some((filter) => file.includes(filter))),
  )
  .sort()
if (files.length === 0) {
  console.error('no test file matches')
  process.exit(1)
}

const runDir = mkdtempSync(join(tmpdir(), 'slipway-test-'))
chmodSync(runDir, 0o755)
const leakLog = join(runDir, 'shown.log')
const runnerLog = join(runDir, 'runner.log')
writeFileSync(leakLog, '')
process.env.TEST_PG_MAJORS ??= suite.majors
if (named && first.startsWith('node')) process.env.TEST_NODE ??= findNode(first)
process.env.TEST_RUN_DIR = runDir
process.env.TEST_LEAK_LOG = leakLog
testPassword()

process.exitCode = 1
process.once('exit', () => {
  stopServers()
  reportLeaks()
  if (withoutPgbouncer !== false && files.some((file) => file.startsWith('test/pooler/')))
    console.error(`tests were skipped: ${withoutPgbouncer}`)
  removeFolderNow(runDir)
})
if (files.some((file) => !/^test\/(unit|k8s)\//.test(file))) await startServers()
process.exitCode = await runTests()

async function startServers(): Promise<void> {
  const { dumpedMajor, postgresMajors, startPostgres } = await import('./helpers/postgres.ts')
  const majors = new Set([...postgresMajors, ...('dumps' in suite ? [dumpedMajor] : [])])
  const servers = await Promise.all([...majors].map((major) => startPostgres({ major })))
  for (const { coordinates } of servers)
    process.env[`TEST_PG_${coordinates.major}`] = JSON.stringify(coordinates)
}

/** Those of tests that did not live to stop theirs, too. */
function stopServers(): void {
  for (const root of globSync('slipway-pgbouncer-*', { cwd: runDir })) killPoolerNow(join(runDir, root))
  for (const data of globSync('slipway-postgres-*/data', { cwd: runDir })) stopNow(join(runDir, data))
}

function runTests(): Promise<number> {
  const args = ['--test', '--test-concurrency=4', `--test-timeout=${suite.timeoutMs}`, ...files]
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...colour },
    stdio: ['inherit', 'pipe', 'pipe'],
  })
  const shown: Buffer[] = []
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const)
    from.on('data', (chunk: Buffer) => {
      shown.push(chunk)
      to.write(chunk)
    })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      writeFileSync(runnerLog, Buffer.concat(shown))
      resolve(code ?? 1)
    })
  })
}

function reportLeaks(): void {
  const logs = globSync('slipway-{postgres,pgbouncer}-*/log', { cwd: runDir }).map((log) => join(runDir, log))
  for (const leak of findLeaksInFiles([leakLog, runnerLog, ...logs], testPassword())) {
    console.error(`the password of this run leaked: ${leak}`)
    process.exitCode = 1
  }
}
