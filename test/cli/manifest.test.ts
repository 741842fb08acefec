/** `manifest`: a start may rely on it, and nothing goes wrong in silence when it is not right. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { type SlipwayOptions, type SlipwayResult, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const file = 'migrations/.slipway-manifest.json'
const two = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_b.ts': 'export const up = async ({ sql }) => { await sql`create table b (id integer)` }\n',
}
const third = { 'migrations/0003_c.sql': 'create table c (id integer);\n' }

interface Place extends AsyncDisposable {
  readonly workspace: Workspace
  run(...args: string[]): Promise<SlipwayResult>
}

const places = {
  PostgreSQL: async (files: Readonly<Record<string, string>>): Promise<Place> => {
    const db = await createTestDatabase(newestMajor)
    return openPlace(files, db.url(), () => db[Symbol.asyncDispose]())
  },
  SQLite: async (files: Readonly<Record<string, string>>): Promise<Place> =>
    openPlace(files, 'sqlite:app.db', async () => {}),
}

function openPlace(
  files: Readonly<Record<string, string>>,
  url: string,
  close: () => PromiseLike<void>,
): Place {
  const workspace = createWorkspace(files)
  return {
    workspace,
    run: (...args) => slipway(args, { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: url } }),
    [Symbol.asyncDispose]: async () => {
      workspace[Symbol.dispose]()
      await close()
    },
  }
}

/** Without a database. */
const manifest = (workspace: Workspace, args: readonly string[] = [], more: SlipwayOptions = {}) =>
  slipway(['manifest', ...args], { cwd: workspace.dir, ...more })

interface Line {
  readonly event: string
  readonly code?: string
  readonly message?: string
  readonly error?: { readonly code: string; readonly message: string }
  readonly applied?: unknown
}

const linesOf = ({ stderr }: SlipwayResult): Line[] =>
  stderr
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
const warningsOf = (result: SlipwayResult) =>
  linesOf(result).flatMap(({ event, code }) => (event === 'warning' ? [code] : []))
const errorOf = (result: SlipwayResult) =>
  linesOf(result).find(({ event }) => event === 'run-finished' || event === 'error')?.error

test('is written whole, says how many, gives the same bytes again, and needs no database', async () => {
  using workspace = createWorkspace(two)
  const { code, stdout, stderr } = await manifest(workspace)
  assert.deepEqual([code, stdout, stderr], [0, `${file}: 2 migrations\n`, ''])
  const text = workspace.read(file)
  assert.deepEqual(Object.keys(JSON.parse(text).migrations), ['0001_a', '0002_b'])
  await manifest(workspace)
  assert.equal(workspace.read(file), text)
  assert.deepEqual(readdirSync(workspace.path('migrations')).sort(), [
    '.slipway-manifest.json',
    '0001_a.sql',
    '0002_b.ts',
  ])
})

test('--check writes nothing, and exits with 80 when there is none or another one', async () => {
  using workspace = createWorkspace(two)
  const missing = await manifest(workspace, ['--check'])
  assert.deepEqual([missing.code, errorOf(missing)?.code], [80, 'manifest-stale'])
  assert.equal(workspace.has(file), false)
  await manifest(workspace)
  assert.equal((await manifest(workspace, ['--check'])).code, 0)
  workspace.write({ 'migrations/0001_a.sql': 'create table a (id bigint);\n' })
  const text = workspace.read(file)
  assert.equal((await manifest(workspace, ['--check'])).code, 80)
  assert.equal(workspace.read(file), text)
})

test('a folder that `up` would refuse gets none', async () => {
  using workspace = createWorkspace({ ...two, 'migrations/oops.sql': 'select 1;' })
  const misnamed = await manifest(workspace)
  assert.deepEqual([misnamed.code, errorOf(misnamed)?.code], [66, 'misnamed'])
  const missing = await manifest(workspace, ['--dir', 'elsewhere'])
  assert.deepEqual([missing.code, errorOf(missing)?.code], [66, 'dir-missing'])
  mkdirSync(workspace.path('empty'))
  const empty = await manifest(workspace, ['--dir', 'empty'])
  assert.deepEqual([empty.code, errorOf(empty)?.code], [66, 'dir-empty'])
  assert.equal(workspace.has(file), false)
})

test('a folder that cannot be written: 73, and nothing is left behind', {
  skip: process.getuid?.() === 0 ? false : 'only root can run as another user',
}, async () => {
  using workspace = createWorkspace(two)
  chmodSync(workspace.dir, 0o755)
  const { code, stderr } = await manifest(workspace, [], { user: { uid: 65534, gid: 65534 } })
  assert.equal(code, 73, stderr)
  assert.equal(readdirSync(workspace.path('migrations')).length, 2)
})

test('`new` says that the manifest does not know the new file', async () => {
  using workspace = createWorkspace(two)
  await manifest(workspace)
  const { code, stdout, stderr } = await slipway(['new', 'c'], { cwd: workspace.dir })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^migrations\/\d{14}_c\.ts\n$/)
  assert.match(stderr, /\.slipway-manifest\.json does not know the new file: slipway manifest/)
})

for (const [name, open] of Object.entries(places))
  describe(name, () => {
    test('with nothing to do no migration is read; `verify` reads them all', async () => {
      await using place = await open(two)
      const { workspace, run } = place
      await run('up')
      await manifest(workspace)
      workspace.write({ 'migrations/0001_a.sql': 'create table a (id bigint);\n' })
      const up = await run('up')
      assert.equal(up.code, 0, up.stderr)
      assert.deepEqual(warningsOf(up), [])
      assert.equal(linesOf(up).find(({ event }) => event === 'planned')?.applied, 2)
      const verify = await run('verify', '--json')
      assert.equal(verify.code, 65, verify.stderr)
      const { refusals } = JSON.parse(verify.stdout)
      assert.deepEqual(
        refusals.map(({ code }: { code: string }) => code),
        ['changed', 'manifest-mismatch'],
      )
      assert.match(refusals[1].message, /migrations\/0001_a\.sql is not the text that the manifest was made/)
    })

    test('what is pending is read, compared, and applied', async () => {
      await using place = await open({ ...two, ...third })
      const { workspace, run } = place
      await manifest(workspace)
      await run('up', '--to', '0001_a')
      workspace.write({ 'migrations/0003_c.sql': 'create table other (id integer);\n' })
      const refused = await run('up')
      assert.deepEqual([refused.code, errorOf(refused)?.code], [66, 'manifest-mismatch'], refused.stderr)
      assert.match(errorOf(refused)?.message ?? '', /migrations\/0003_c\.sql/)
      assert.equal(JSON.parse((await run('status', '--json')).stdout).counts.applied, 1)
      workspace.write(third)
      const applied = await run('up')
      assert.equal(applied.code, 0, applied.stderr)
      assert.deepEqual(warningsOf(applied), [])
      assert.deepEqual(linesOf(applied).at(-1)?.applied, ['0002_b', '0003_c'])
    })

    test('an edited migration that the manifest knows is refused as ever', async () => {
      await using place = await open(two)
      const { workspace, run } = place
      await run('up')
      workspace.write({ 'migrations/0001_a.sql': 'create table a (id bigint);\n' })
      await manifest(workspace)
      const up = await run('up')
      assert.deepEqual([up.code, errorOf(up)?.code], [65, 'changed'], up.stderr)
    })

    test('files that came or went: one warning, and all are read', async () => {
      await using place = await open(two)
      const { workspace, run } = place
      await manifest(workspace)
      workspace.write(third)
      const more = await run('up')
      assert.equal(more.code, 0, more.stderr)
      assert.deepEqual(warningsOf(more), ['manifest-stale'])
      assert.deepEqual(linesOf(more).at(-1)?.applied, ['0001_a', '0002_b', '0003_c'])
      const again = await run('up')
      assert.deepEqual([again.code, ...warningsOf(again)], [0, 'manifest-stale'])
      await manifest(workspace)
      workspace.write({ 'migrations/0001_a.sql': undefined })
      const fewer = await run('up')
      assert.deepEqual([fewer.code, errorOf(fewer)?.code], [65, 'missing'], fewer.stderr)
      assert.ok(warningsOf(fewer).includes('manifest-stale'))
    })

    test('subfolders count: halves of a migration, and what is in old/', async () => {
      const folders = {
        'migrations/0001_a/up.sql': 'create table a (id integer);\n',
        'migrations/0001_a/down.sql': 'drop table a;\n',
        'migrations/old/0000_z.sql': 'select 1;\n',
      }
      await using place = await open(folders)
      const { workspace, run } = place
      await manifest(workspace)
      for (const _ of [1, 2]) {
        const up = await run('up')
        assert.deepEqual([up.code, ...warningsOf(up)], [0], up.stderr)
      }
      workspace.write({ 'migrations/0001_a/down.sql': undefined })
      const changed = await run('up')
      assert.deepEqual([changed.code, errorOf(changed)?.code], [65, 'changed'], changed.stderr)
      assert.ok(warningsOf(changed).includes('manifest-stale'))
      workspace.write({ ...folders, 'migrations/old/0000_y.sql': 'select 1;\n' })
      assert.deepEqual(warningsOf(await run('up')), ['manifest-stale'])
    })

    test('what is worth a warning without a manifest is worth one with it', async () => {
      await using place = await open({ ...two, 'migrations/20260101000000_c.sql': 'select 1;\n' })
      await manifest(place.workspace)
      for (const _ of [1, 2]) {
        const up = await place.run('up')
        assert.deepEqual([up.code, ...warningsOf(up)], [0, 'mixed-versions'], up.stderr)
      }
    })
  })

/** From the right text to one that cannot be relied on. */
const damages: Readonly<Record<string, (text: string) => string>> = {
  'an empty file': () => '',
  'no line break': (text) => text.replaceAll('\n', ' '),
  'not JSON': (text) => `x${text}`,
  'another kind of JSON': () => '{"migrations":{\n}}\n',
  'a first line without a digest': (text) => text.replace(/"digest":"\w+"/, '"digest":7'),
  'cut in the middle': (text) => text.slice(0, text.indexOf('\n') + 40),
  'a checksum that is not the one it was': (text) => text.replace(/sha256-v1:./, 'sha256-v1:g'),
}

describe('a damaged manifest: one warning, and all files are read', () => {
  for (const [name, damage] of Object.entries(damages))
    test(name, async () => {
      await using place = await places.SQLite(two)
      const { workspace, run } = place
      await manifest(workspace)
      workspace.write({ [file]: damage(workspace.read(file)) })
      const up = await run('up')
      assert.deepEqual([up.code, ...warningsOf(up)], [0, 'manifest-unreadable'], up.stderr)
    })

  test('a folder or a pipe in its place', async () => {
    await using place = await places.SQLite(two)
    const path = place.workspace.path(file)
    mkdirSync(path)
    const folder = await place.run('up')
    assert.deepEqual([folder.code, ...warningsOf(folder)], [0, 'manifest-unreadable'], folder.stderr)
    execFileSync('sh', ['-c', 'rmdir "$0" && mkfifo "$0"', path])
    const pipe = await place.run('up')
    assert.deepEqual([pipe.code, ...warningsOf(pipe)], [0, 'manifest-unreadable'], pipe.stderr)
  })

  test('one of a newer slipway', async () => {
    await using place = await places.SQLite(two)
    const { workspace, run } = place
    await manifest(workspace)
    workspace.write({ [file]: workspace.read(file).replace('"format":1', '"format":2') })
    const up = await run('up')
    assert.deepEqual([up.code, ...warningsOf(up)], [0, 'manifest-newer'], up.stderr)
  })
})
