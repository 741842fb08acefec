/** Databases by URL: files of SQLite, and databases of PostgreSQL whose passwords nobody sees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'
import { readLines } from './scene.ts'

const files = { '0001_a.sql': 'create table a (n integer);' }

test('files of SQLite, without a database of our own', async () => {
  using workspace = createWorkspace({ 'tenants.txt': 'sqlite:acme.db\nsqlite:globex.db\nsqlite:wayne.db\n' })
  writeMigrations(workspace, files)
  workspace.write({ 'globex.db': 'no database' })
  const run = (...args: string[]) =>
    slipway(args, {
      cwd: workspace.dir,
      env: { SLIPWAY_TENANTS_FILE: 'tenants.txt', SLIPWAY_LOG_FORMAT: 'pretty' },
    })
  const first = await run('up')
  assert.equal(first.code, 78, first.stderr)
  assert.match(first.stderr, /up on 3 databases/)
  assert.match(first.stderr, /✓ \/.*\/acme\.db: 1 migration applied/)
  assert.match(first.stderr, /- \/.*\/globex\.db: .*is not a SQLite database/)
  for (const file of ['acme.db', 'wayne.db'])
    assert.equal(readSqlite(workspace.path(file), 'select name from schema_migrations').length, 1)
  workspace.write({ 'globex.db': undefined })
  assert.equal((await run('up')).code, 0)
  const none = await run('up')
  assert.match(none.stderr, /✓ 3 tenants: 0 migrated, 3 up to date/)
  assert.match((await run('status')).stdout, /3 tenants: 3 up to date/)
  const examined = await run('doctor', '--tenants', 'sqlite:acme.db')
  assert.equal(examined.code, 0, examined.stdout)
  assert.match(examined.stdout, /acme\.db/)
})

test('the passwords of tenants do not show, wherever their URLs come from', async () => {
  await using control = await createTestDatabase(newestMajor)
  await using acme = await createTestDatabase(newestMajor)
  const wrong = 'Tr0ub4dor&3'
  const url = new URL(acme.url())
  const bad = new URL(acme.url())
  bad.password = encodeURIComponent(wrong)
  bad.searchParams.set('schema', 'other')
  using workspace = createWorkspace()
  writeMigrations(workspace, {
    '0001_a.ts':
      'export const up = async ({ sql, log }) => { log(`saw ${process.env.SEEN}`); await sql`select 1` }\n',
  })
  await control.query('create table tenants (url text)')
  await control.query('insert into tenants values ($1), ($2)', [String(url), String(bad)])
  const { code, stderr } = await slipway(['up', '--tenants', 'select url from tenants'], {
    cwd: workspace.dir,
    env: {
      SLIPWAY_DATABASE_URL: control.url(),
      SEEN: `${url} ${wrong}`,
      SLIPWAY_LOG_FORMAT: 'json',
      SLIPWAY_WAIT_TIMEOUT: '1s',
      SLIPWAY_REPORT: 'report.json',
    },
  })
  assert.equal(code, 77, stderr)
  const lines = readLines(stderr)
  const names = new Set(lines.flatMap(({ tenant }) => (tenant === undefined ? [] : [tenant])))
  const place = `${url.hostname}:${url.port}/${acme.name}`
  assert.deepEqual([...names].sort(), [place, `${place}?schema=other`])
  assert.match(stderr, /saw \*\*\* \*\*\*/)
  for (const text of [stderr, workspace.read('report.json')]) {
    assert.doesNotMatch(text, /Tr0ub4dor/)
    assert.ok(url.password === '' || !text.includes(decodeURIComponent(url.password)))
  }
})
