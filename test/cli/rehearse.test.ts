/** `up --rehearse`: times and locks from a copy with the data, and a target in which nothing changes. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, utimesSync } from 'node:fs'
import { describe, test } from 'node:test'
import { dumpCatalogue, dumpRowCounts, dumpSqliteCatalogue } from '../helpers/catalogue.ts'
import { slipway, startSlipway } from '../helpers/cli.ts'
import { createTestDatabase, postgresMajors, uniqueName } from '../helpers/postgres.ts'
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
  const user = uniqueName('maker')
  await db.query(`create role ${user} login createdb password 'not-shown'`)
  // What nobody is connected to is a leftover after an hour, and a dump may take longer.
  const made = `select count(*) from pg_database where pg_get_userbyid(datdba) = '${user}'`
  workspace.write({
    'bin/pg_dump': `#!/bin/sh
PATH=\${PATH#*:}
[ "$1" = --version ] || psql -XAtc "${made}" > '${workspace.path('made')}'
exec pg_dump "$@"\n`,
  })
  chmodSync(workspace.path('bin/pg_dump'), 0o755)
  const tmp = workspace.path('tmp')
  mkdirSync(tmp)
  const env = {
    SLIPWAY_DATABASE_URL: db.url(),
    SLIPWAY_SCRATCH_URL: db.server.url('postgres', { user, password: 'not-shown' }),
    PATH: `${workspace.path('bin')}:${process.env.PATH}`,
    TMPDIR: tmp,
  }
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
  assert.deepEqual(readdirSync(tmp), [])
  assert.equal(workspace.read('made'), '0\n', 'databases while pg_dump runs')
  assert.deepEqual(await db.query(made), [{ count: '0' }])
  await db.query(`drop role ${user}`)
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
    // Of runs that were killed: no process has that number.
    workspace.write({ 'slipway-copy-4194305-Ab3dEf/copy.sqlite': 'x' })
    for (const old of ['slipway-copy-4194305-Ab3dEf/copy.sqlite', 'slipway-copy-4194305-Ab3dEf'])
      utimesSync(workspace.path(old), new Date(0), new Date(0))
    workspace.write({ 'slipway-copy-4194305-Zz3dEf/copy.sqlite': 'just now' })
    const { code, stdout, stderr } = await slipway(['up', '--rehearse'], options)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^3 migrations rehearsed in a copy of sqlite:/)
    assert.match(stdout, /0003_script \d+ ms\n.*select count/)
    assert.equal(dumpSqliteCatalogue(file), before)
    assert.deepEqual(readSqlite(file, 'select name from schema_migrations'), [{ name: '0001_users' }])
    assert.deepEqual(readdirSync(workspace.dir), [...listed, 'slipway-copy-4194305-Zz3dEf'].sort())
    const one = await slipway(['up', '--rehearse', '--steps', '1'], options)
    assert.match(one.stdout, /^1 migration rehearsed/)
  })

  test('of a file that is not there: what up would do in the one that it makes', async () => {
    using workspace = createWorkspace()
    writeMigrations(workspace, { '0001_users.sql': files['0001_users.sql'] })
    const env = { SLIPWAY_DATABASE_URL: `sqlite://${workspace.path('app.db')}`, TMPDIR: workspace.dir }
    const { code, stdout, stderr } = await slipway(['up', '--rehearse'], { cwd: workspace.dir, env })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^1 migration rehearsed[\s\S]*nothing was changed\n+$/)
    assert.deepEqual(readdirSync(workspace.dir), ['migrations'])
  })

  test('what is stopped leaves nothing, and suggests to rehearse again', async () => {
    using workspace = createWorkspace()
    writeMigrations(workspace, {
      '0001_waits.ts': `export const up = async ({ log, sql }) => {
  await sql\`create table a (n integer)\`
  log('it waits')
  await new Promise((resolve) => setTimeout(resolve, 600_000))
}\n`,
    })
    const env = {
      SLIPWAY_DATABASE_URL: `sqlite://${workspace.path('app.db')}`,
      SLIPWAY_SHUTDOWN_TIMEOUT: '1s',
      TMPDIR: workspace.dir,
    }
    const running = startSlipway(['up', '--rehearse'], { cwd: workspace.dir, env })
    await running.waitForOutput(/it waits/)
    running.kill('SIGTERM')
    const { code, stderr } = await running.done
    assert.equal(code, 143, stderr)
    assert.match(stderr, /"hint":"slipway up --rehearse"/)
    assert.deepEqual(readdirSync(workspace.dir), ['migrations'])
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
