/** `new`: the next migration, which sorts last and applies as it is. */
import assert from 'node:assert/strict'
import { chmodSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { type SlipwayOptions, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const create = (workspace: Workspace, args: readonly string[], more: SlipwayOptions = {}) =>
  slipway(['new', ...args], { cwd: workspace.dir, ...more })
const versionOf = (path: string) => path.replace(/^.*\/(\d+)_.*\n$/, '$1')

test('writes TypeScript, or SQL, into the folder, and prints the path alone', async () => {
  using workspace = createWorkspace()
  const script = await create(workspace, ['add_user_preferences'])
  assert.deepEqual([script.code, script.stderr], [0, ''])
  assert.match(script.stdout, /^migrations\/20\d{12}_add_user_preferences\.ts\n$/)
  const sql = await create(workspace, ['Drop old tables!', '--sql'])
  assert.match(sql.stdout, /^migrations\/20\d{12}_drop_old_tables\.sql\n$/)
  assert.equal(readdirSync(workspace.path('migrations')).length, 2)
})

test('what it writes applies, on both kinds of database', async () => {
  using workspace = createWorkspace()
  await create(workspace, ['one'])
  await create(workspace, ['two', '--sql'])
  const { dir } = workspace
  const files = readdirSync(workspace.path('migrations'))
  // The SQL template holds no statement yet, and says so when it is run.
  const sql = files.find((name) => name.endsWith('.sql')) ?? ''
  const blank = workspace.read(`migrations/${sql}`)
  assert.match(blank, /^-- migrate:up/m)
  await using db = await createTestDatabase(newestMajor)
  for (const url of [db.url(), 'sqlite:app.db']) {
    workspace.write({ [`migrations/${sql}`]: blank })
    const env = { SLIPWAY_DATABASE_URL: url }
    const refused = await slipway(['up'], { cwd: dir, env })
    assert.deepEqual(
      [refused.code, /holds no statement to run upwards/.test(refused.stderr)],
      [66, true],
      refused.stderr,
    )
    workspace.write({
      [`migrations/${sql}`]: blank.replace(/^-- migrate:up.*$/m, '$&\ncreate table made (id integer);'),
    })
    const applied = await slipway(['up'], { cwd: dir, env })
    assert.equal(applied.code, 0, applied.stderr)
  }
})

test('never before a migration that is there, also when that one is from tomorrow; two at once differ', async () => {
  const tomorrow = new Date(Date.now() + 20 * 3600_000).toISOString().replace(/\D/g, '').slice(0, 14)
  using workspace = createWorkspace({ [`migrations/${tomorrow}_x.sql`]: 'select 1;' })
  const results = await Promise.all(Array.from({ length: 5 }, (_, n) => create(workspace, [`y${n}`])))
  const versions = results.map(({ stdout }) => versionOf(stdout))
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 0, 0, 0],
  )
  for (const version of versions) assert.ok(version > tomorrow, `${version} > ${tomorrow}`)
  const again = await create(workspace, ['y0'])
  assert.ok(
    versions.every((version) => versionOf(again.stdout) > version),
    again.stdout,
  )
})

test('--dir, SLIPWAY_DIR and .env say where; it needs no database, and a broken URL does not stop it', async () => {
  using workspace = createWorkspace({ '.env': 'SLIPWAY_DIR=from_dotenv\nDATABASE_URL=nonsense\n' })
  assert.match((await create(workspace, ['a'])).stdout, /^from_dotenv\//)
  const env = { SLIPWAY_DIR: 'from_variable' }
  assert.match((await create(workspace, ['a'], { env })).stdout, /^from_variable\//)
  assert.match((await create(workspace, ['a', '--dir', 'from/flag'], { env })).stdout, /^from\/flag\//)
})

for (const [name, args, code, message] of [
  ['a name without a letter', ['!!!'], 64, /slug|name/],
  ['a name that is too long', ['x'.repeat(300)], 64, /longer than \d+/],
  ['a name with a path', ['../../etc/passwd'], 0, /^$/],
] as const)
  test(name, async () => {
    using workspace = createWorkspace()
    const result = await create(workspace, args)
    assert.equal(result.code, code, result.stderr)
    assert.match(result.stderr, message)
    if (code === 0) assert.match(result.stdout, /^migrations\/\d+_etc_passwd\.ts\n$/)
  })

test('a folder that cannot be written', {
  skip: process.getuid?.() === 0 ? false : 'only root can run as another user',
}, async () => {
  using workspace = createWorkspace({ 'migrations/0001_a.sql': 'select 1;' })
  chmodSync(workspace.dir, 0o755)
  const result = await create(workspace, ['b'], { user: { uid: 65534, gid: 65534 } })
  assert.equal(result.code, 73, result.stderr)
  assert.match(result.stderr, /cannot write to \/.*\/migrations \(EACCES\)/)
})
