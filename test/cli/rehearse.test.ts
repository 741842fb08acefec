/** `up --rehearse`: times and locks from a copy with the data, and a target in which nothing changes. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { dumpCatalogue, dumpRowCounts, dumpSqliteCatalogue } from '../helpers/catalogue.ts'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, postgresMajors } from '../helpers/postgres.ts'
import { readSqlite, runSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

const files = {
  '0001_users.sql': 'create table users (id integer primary key, name text);',
  '0002_email.sql': `alter table users add column email text;
create index users_email on users (email);
create table fresh (n integer);
update users set email = name;`,
  '0003_script.ts': `export const up = async ({ sql }) => {
  const [{ n }] = await sql\`select count(*) as n from users where email is not null\`
  if (Number(n) !== 2) throw new Error('the rows are not there: ' + n)
  await sql\`alter table users add column age integer\`
}\n`,
  '0004_outside.sql': '-- migrate:up transaction:false\ncreate index users_name on users (name);',
}

/** Without times. */
const shape = (text: string) =>
  text
    .replace(/\b\d+(?:\.\d+)? m?s\b/g, 'T')
    .replace(/ {2,}/g, '  ')
    .trim()

// pg_dump refuses a server that is newer than itself, and this machine's is of one version.
const [oldest] = [...postgresMajors].sort((a, b) => a - b)

test(`PostgreSQL ${oldest}: with its data, on the scratch server`, async () => {
  await using db = await createTestDatabase(oldest ?? 14)
  using workspace = createWorkspace()
  writeMigrations(workspace, files)
  const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_SCRATCH_URL: db.server.url(), TMPDIR: workspace.dir }
  const options = { cwd: workspace.dir, env }
  assert.equal((await slipway(['up', '--to', '0001'], options)).code, 0)
  await db.query("insert into users values (1, 'a'), (2, 'b')")
  const query = (text: string) => db.query(text)
  const look = async () => (await dumpCatalogue(query)) + (await dumpRowCounts(query))
  const before = await look()
  const { code, stdout, stderr } = await slipway(['up', '--rehearse'], options)
  assert.equal(code, 0, stderr)
  assert.equal(
    shape(stdout.replaceAll(db.url().replace(/:[^:@]*@/, '@'), 'TARGET')),
    `3 migrations rehearsed in a copy of TARGET, made in T

0002_email T
  T  AccessExclusiveLock on public.users  alter table users add column email text
  T  no lock  create index users_email on users (email)
  T  no lock  create table fresh (n integer)
  T  no lock  update users set email = name

0003_script T
  T  AccessShareLock on public.users  select count(*) as n from users where email is not null
  T  AccessExclusiveLock on public.users  alter table users add column age integer

0004_outside T
  T  ShareLock on users  create index users_name on users (name)

nothing was changed`,
  )
  assert.equal(await look(), before)
  assert.deepEqual(readdirSync(workspace.dir), ['migrations'])
})

describe('SQLite', () => {
  test('with its data, in a temporary file', async () => {
    using workspace = createWorkspace()
    writeMigrations(workspace, files)
    const file = workspace.path('app.db')
    const options = {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: `sqlite://${file}`, TMPDIR: workspace.dir },
    }
    assert.equal((await slipway(['up', '--to', '0001'], options)).code, 0)
    runSqlite(file, "insert into users values (1, 'a'), (2, 'b')")
    const before = dumpSqliteCatalogue(file)
    const listed = readdirSync(workspace.dir)
    const { code, stdout, stderr } = await slipway(['up', '--rehearse'], options)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^3 migrations rehearsed in a copy of sqlite:/)
    assert.match(stdout, /0003_script \d+ ms\n.*select count/)
    assert.equal(dumpSqliteCatalogue(file), before)
    assert.deepEqual(readSqlite(file, 'select name from schema_migrations'), [{ name: '0001_users' }])
    assert.deepEqual(readdirSync(workspace.dir), listed)
    const one = await slipway(['up', '--rehearse', '--steps', '1'], options)
    assert.match(one.stdout, /^1 migration rehearsed/)
  })

  test('what fails there is told, and stays there', async () => {
    using workspace = createWorkspace()
    writeMigrations(workspace, { ...files, '0002_email.sql': 'create unique index u on users (name);' })
    const file = workspace.path('app.db')
    const options = {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: `sqlite://${file}`, TMPDIR: workspace.dir },
    }
    assert.equal((await slipway(['up', '--to', '0001'], options)).code, 0)
    runSqlite(file, "insert into users values (1, 'a'), (2, 'a')")
    const listed = readdirSync(workspace.dir)
    const { code, stdout, stderr } = await slipway(['up', '--rehearse'], options)
    assert.deepEqual([code, stdout], [70, ''])
    assert.match(stderr, /in the scratch database: 0002_email failed.*UNIQUE constraint failed/)
    assert.match(stderr, /slipway up --rehearse/)
    assert.deepEqual(readdirSync(workspace.dir), listed)
  })
})
