/** `slipway sql`: what it prints makes what `up` makes, and it writes nothing itself; test/slow/acceptance/sql.test.ts has more databases. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createMigrator } from '../../src/index.ts'
import { messageOf } from '../../src/errors.ts'
import { dumpSqliteCatalogue } from '../helpers/catalogue.ts'
import { slipway } from '../helpers/cli.ts'
import {
  createTestDatabase,
  newestMajor,
  type PostgresServer,
  sharedPostgres,
  uniqueName,
} from '../helpers/postgres.ts'
import { describeScripts, onPostgres, onSqlite } from '../helpers/printed-sql.ts'
import { runWithPsql, runWithSqlite3 } from '../helpers/script.ts'
import { readSqlite, runSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

describeScripts(`PostgreSQL ${newestMajor}`, onPostgres(newestMajor))
describeScripts('SQLite', onSqlite)

describe('SQLite', () => {
  const parent = `create table p (id integer primary key, name text);
create table c (id integer primary key, p integer references p (id) on delete cascade);
insert into p values (1, 'a');
insert into c values (1, 1);`
  /** On rows of the app, which no scratch database has, one of them astray before. Both may fail, and leave the same. */
  const printAndRun = async (files: Readonly<Record<string, string>>) => {
    using workspace = createWorkspace()
    writeMigrations(workspace, { '0001_parent.sql': parent, ...files })
    const [byUp, byScript] = [workspace.path('up.db'), workspace.path('script.db')]
    for (const file of [byUp, byScript]) {
      await using migrator = await createMigrator({ databaseUrl: `sqlite://${file}`, cwd: workspace.dir })
      await migrator.up({ steps: 1 })
      runSqlite(
        file,
        "pragma foreign_keys = off; insert into p values (2, 'b'); insert into c values (2, 2), (3, 99)",
      )
    }
    const env = { SLIPWAY_DATABASE_URL: `sqlite://${byScript}` }
    const { code, stdout, stderr } = await slipway(['sql'], { cwd: workspace.dir, env })
    assert.equal(code, 0, stderr)
    const failures: string[] = []
    try {
      runWithSqlite3(byScript, stdout)
    } catch (error) {
      failures.push(messageOf(error))
    }
    await using migrator = await createMigrator({ databaseUrl: `sqlite://${byUp}`, cwd: workspace.dir })
    await migrator.up().catch((error: unknown) => failures.unshift(messageOf(error)))
    const left = (file: string) => [
      dumpSqliteCatalogue(file),
      readSqlite(file, 'select * from c order by id'),
      readSqlite(file, 'select name, state, statements_done from schema_migrations order by id'),
    ]
    assert.deepEqual(left(byScript), left(byUp))
    return { failures, script: stdout, children: readSqlite(byScript, 'select id from c order by id') }
  }
  const all = [{ id: 1 }, { id: 2 }, { id: 3 }]

  test('references that a migration breaks stop the script, as they stop up', async () => {
    const { failures, children } = await printAndRun({
      '0002_loses.sql': `create table p2 (id integer primary key, name text);
insert into p2 select * from p where id = 1;
drop table p;
alter table p2 rename to p;`,
    })
    assert.equal(failures.length, 2)
    assert.match(failures[0] ?? '', /rows refer to rows that are not there: c rowid 2/)
    assert.match(failures[1] ?? '', /NOT NULL constraint failed: \S*rows refer to rows that are not there/)
    assert.deepEqual(children, all)
  })

  test('what rebuilds a table outside a transaction loses no row of its children', async () => {
    const { failures, children } = await printAndRun({
      '0002_group.sql': `-- migrate:up transaction:false
begin;
create table p2 (id integer primary key, name text);
insert into p2 select * from p;
drop table p;
alter table p2 rename to p;
commit;`,
      '0003_operation.ts': `export const options = { transaction: false }
export const up = async ({ op }) => {
  await op.addCheck('p', 'id > 0')
  await op.addCheck('p', 'id < 0').catch(() => {})
}
`,
    })
    assert.deepEqual([failures, children], [[], all])
  })

  test('what a distribution may be too old for is said at the top', async () => {
    using workspace = createWorkspace()
    const dir = writeMigrations(workspace, {
      '0001_a.sql': 'create table a (n integer, "alter table a add constraint" text);',
      '0002_b.sql': 'alter table a add /* it */ constraint b check (n > 0);',
      '0003_c.sql': 'alter table a alter column n set not null;',
    })
    const env = { SLIPWAY_DATABASE_URL: 'sqlite::memory:', SLIPWAY_DIR: dir }
    const { stdout } = await slipway(['sql'], { env })
    assert.match(stdout, /^-- needs sqlite3 3\.53 or newer, for alter table in 0002_b, 0003_c$/m)
    assert.doesNotMatch((await slipway(['sql', '--to', '0001'], { env })).stdout, /needs sqlite3/)
  })
})

describe('PostgreSQL', () => {
  const scratch = async () => (await sharedPostgres(newestMajor)).url()
  const scratchDatabases = async (server: PostgresServer) => {
    const rows = await server.query<{ datname: string }>(
      'postgres',
      "select datname from pg_database where datname ~ '^slipway_scratch_'",
    )
    return rows.map(({ datname }) => datname)
  }

  test('after an error psql without ON_ERROR_STOP leaves whole migrations, and none that follows', async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace()
    writeMigrations(workspace, {
      '0001_a.sql': 'create table a (n integer);',
      '0002_b.sql': 'create table b (n integer);\ncreate table taken (n integer);',
      '0003_c.sql': 'create table c (n integer);',
    })
    const env = { SLIPWAY_DIR: workspace.path('migrations'), SLIPWAY_SCRATCH_URL: await scratch() }
    const { stdout } = await slipway(['sql', '--from', 'base'], { env })
    await db.query('create table taken (n integer)')
    runWithPsql(db, stdout, [])
    const tables = await db.query<{ relname: string }>(
      "select relname from pg_class where relname in ('a', 'b', 'c') order by 1",
    )
    assert.deepEqual(tables, [{ relname: 'a' }])
    assert.deepEqual(await db.query('select name, state from schema_migrations'), [
      { name: '0001_a', state: 'applied' },
    ])
  })

  test('a role, a schema of its own for the history, readers: as up has it', async () => {
    await using byUp = await createTestDatabase(newestMajor)
    await using byScript = await createTestDatabase(newestMajor)
    const role = `role_${Math.random().toString(16).slice(2)}`
    await byUp.query(
      `create role ${role}; grant create on database "${byUp.name}" to ${role}; grant create on schema public to ${role}`,
    )
    await byScript.query(
      `grant create on database "${byScript.name}" to ${role}; grant create on schema public to ${role}`,
    )
    try {
      using workspace = createWorkspace()
      writeMigrations(workspace, {
        '0001_a.sql': 'create table a (n integer);\nreset role;',
        '0002_b.ts': 'export const up = async ({ sql }) => { await sql`create table b (n integer)` }\n',
      })
      const env = {
        SLIPWAY_DIR: workspace.path('migrations'),
        SLIPWAY_SCRATCH_URL: await scratch(),
        SLIPWAY_ROLE: role,
        SLIPWAY_SCHEMA: 'hist',
        SLIPWAY_TABLE: 'done',
        SLIPWAY_GRANT_SELECT_TO: 'public',
      }
      const up = await slipway(['up'], { env: { ...env, SLIPWAY_DATABASE_URL: byUp.url() } })
      assert.equal(up.code, 0, up.stderr)
      const { code, stdout, stderr } = await slipway(['sql', '--from', 'base'], { env })
      assert.equal(code, 0, stderr)
      runWithPsql(byScript, stdout)
      const owners = `select relname, pg_get_userbyid(relowner) as owner, relacl from pg_class
        where relkind = 'r' and relnamespace in ('public'::regnamespace, 'hist'::regnamespace) order by 1`
      assert.deepEqual(await byScript.query(owners), await byUp.query(owners))
      const rows = 'select name, checksum, state, source from hist.done order by id'
      assert.deepEqual(await byScript.query(rows), await byUp.query(rows))
    } finally {
      for (const db of [byUp, byScript]) await db.query(`drop owned by ${role} cascade`)
      await byUp.query(`drop role ${role}`)
    }
  })

  test('scratch databases go with the run, and those of killed runs when they are old', async () => {
    const server = await sharedPostgres(newestMajor)
    const old = 'slipway_scratch_20200101000000_0123456789ab'
    const foreign = 'slipway_scratch_20200101000000_0123456789ac'
    for (const name of [old, foreign]) await server.query('postgres', `create database ${name}`)
    await server.query('postgres', `comment on database ${foreign} is 'somebody needs it'`)
    try {
      using workspace = createWorkspace()
      writeMigrations(workspace, {
        '0001_a.ts': 'export const up = async ({ sql }) => { await sql`select 1` }\n',
      })
      const env = { SLIPWAY_DIR: workspace.path('migrations'), SLIPWAY_SCRATCH_URL: await scratch() }
      const { code, stderr } = await slipway(['sql', '--from', 'base'], { env })
      assert.equal(code, 0, stderr)
      const left = await scratchDatabases(server)
      assert.deepEqual([left.includes(old), left.includes(foreign)], [false, true])
    } finally {
      await server.dropDatabase(old)
      await server.dropDatabase(foreign)
    }
  })

  test('a failure in the scratch database is told as that, and the database goes', async () => {
    using workspace = createWorkspace()
    writeMigrations(workspace, {
      '0001_a.sql': 'create table scratch_marker (n integer);',
      '0002_b.ts': 'export const up = async ({ sql }) => { await sql`select nothing` }\n',
    })
    const server = await sharedPostgres(newestMajor)
    // Tests of other files make scratch databases there, too.
    const user = uniqueName('maker')
    await server.query('postgres', `create role ${user} login createdb password 'not-shown'`)
    try {
      const url = server.url('postgres', { user, password: 'not-shown' })
      const env = { SLIPWAY_DIR: workspace.path('migrations'), SLIPWAY_SCRATCH_URL: url }
      const { code, stdout, stderr } = await slipway(['sql', '--from', 'base'], { env })
      assert.deepEqual([code, stdout], [70, ''])
      assert.match(stderr, /in the scratch database: 0002_b failed: column \\?"nothing\\?" does not exist/)
      const owned = `select 1 from pg_database where pg_get_userbyid(datdba) = '${user}'`
      assert.deepEqual(await server.query('postgres', owned), [])
    } finally {
      await server.query('postgres', `drop role ${user}`)
    }
  })

  test('SQL files alone need no scratch database, and a warning says that nothing was tried', async () => {
    using workspace = createWorkspace()
    writeMigrations(workspace, { '0001_a.sql': 'create table a (n integer);' })
    await using db = await createTestDatabase(newestMajor)
    const env = { SLIPWAY_DIR: workspace.path('migrations'), SLIPWAY_DATABASE_URL: db.url() }
    const { code, stdout, stderr } = await slipway(['sql'], { env })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /create table a \(n integer\);/)
    assert.match(stderr, /not-replayed/)
  })
})
