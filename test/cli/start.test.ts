/** A start with nothing to do is the most frequent one: what it loads is written down here. See docs/speed.md. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { readCode, readTable } from '../docs/markdown.ts'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const files = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_b.ts': 'export const up = async ({ sql }) => { await sql`create table b (id integer)` }\n',
}
/** Each takes milliseconds, or is a sign that something was loaded which a start does not need. */
const heavy = [
  'assert',
  'child_process',
  'dns',
  'http',
  'internal/crypto/webcrypto',
  'internal/deps/undici/undici',
  'perf_hooks',
  'readline',
  'tls',
  'v8',
  'worker_threads',
  'zlib',
]

interface Loaded {
  readonly builtins: readonly string[]
  readonly files: readonly string[]
}

/** Of the second `up`, and how many lines it logged. */
async function loadedBy(url: string, args: readonly string[] = []): Promise<Loaded> {
  using workspace = createWorkspace(files)
  const env = { SLIPWAY_DATABASE_URL: url, TEST_LOADED: workspace.path('loaded.json') }
  const first = await slipway(['up', ...args], { cwd: workspace.dir, env })
  assert.equal(first.code, 0, first.stderr)
  const second = await slipway(['up', ...args], {
    cwd: workspace.dir,
    env,
    nodeOptions: ['--require', join(import.meta.dirname, '../helpers/record-loading.cjs')],
  })
  assert.equal(second.code, 0, second.stderr)
  assert.match(second.stderr, /up to date: 2 applied/)
  return JSON.parse(workspace.read('loaded.json'))
}

const bundleFiles = ({ files: paths }: Loaded) =>
  paths.filter((path) => path.includes('/dist/bundle/')).map((path) => basename(path))

/** What docs/speed.md says is loaded. */
function expected(...cases: readonly string[]): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/speed.md'), 'utf8')
  return readTable(page, ['File', 'Holds', 'With'])
    .filter(([, , when = '']) => ['always', ...cases].includes(when))
    .flatMap(([file = '']) => readCode(file))
    .sort()
}

test('PostgreSQL', async () => {
  await using db = await createTestDatabase(newestMajor)
  for (const format of ['json', 'pretty']) {
    const loaded = await loadedBy(db.url(), ['--log-format', format])
    const lines = format === 'pretty' ? 'a terminal' : 'no terminal'
    assert.deepEqual(bundleFiles(loaded).sort(), expected('PostgreSQL', 'no manifest', lines))
    assert.deepEqual(
      loaded.builtins.filter((name) => heavy.includes(name)),
      [],
    )
    await db.query('drop schema public cascade; create schema public')
  }
})

test('SQLite', async () => {
  const loaded = await loadedBy('sqlite:app.db')
  assert.deepEqual(bundleFiles(loaded).sort(), expected('SQLite', 'no manifest', 'no terminal'))
  assert.deepEqual(
    loaded.builtins.filter((name) => heavy.includes(name)),
    [],
  )
})
