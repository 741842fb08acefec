/** `slipway sql`: what it prints, given to psql and sqlite3, makes what `up` makes; and it writes nothing itself. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { dumpCatalogue, dumpRowCounts, dumpSqliteCatalogue } from '../helpers/catalogue.ts'
import { slipway } from '../helpers/cli.ts'
import {
  createTestDatabase,
  newestMajor,
  type PostgresServer,
  postgresMajors,
  sharedPostgres,
  startPostgres,
} from '../helpers/postgres.ts'
import { runWithPsql, runWithSqlite3 } from '../helpers/script.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../helpers/workspace.ts'

interface Target extends AsyncDisposable {
  readonly url: string
  query(text: string): Promise<Record<string, unknown>[]>
  /** Schema, and how many rows each table has. */
  describe(): Promise<string>
  run(script: string): void
}

interface Place {
  readonly open: (workspace: Workspace) => Promise<Target>
  readonly env: () => Promise<Record<string, string>>
}

let count = 0

function onPostgres(major: number): Place {
  return {
    env: async () => ({ SLIPWAY_SCRATCH_URL: (await sharedPostgres(major)).url() }),
    open: async () => {
      const db = await createTestDatabase(major)
      const query = (text: string) => db.query(text)
      return {
        url: db.url(),
        query,
        describe: async () => (await dumpCatalogue(query)) + (await dumpRowCounts(query)),
        run: (script) => {
          runWithPsql(db, script)
        },
        [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
      }
    },
  }
}

const onSqlite: Place = {
  env: async () => ({}),
  open: async (workspace) => {
    const file = workspace.path(`app${++count}.db`)
    return {
      url: `sqlite://${file}`,
      query: async (text) => readSqlite(file, text),
      describe: async () => dumpSqliteCatalogue(file),
      run: (script) => runWithSqlite3(file, script),
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

const places: Readonly<Record<string, Place>> = {
  ...Object.fromEntries(postgresMajors.map((major) => [`PostgreSQL ${major}`, onPostgres(major)])),
  SQLite: onSqlite,
}

/** What both databases understand, and scripts that send every kind of value. */
const common = {
  '0001_users.sql': `-- migrate:up
create table users (id integer primary key, name text not null, note text); -- with a comment
insert into users (id, name, note) values (1, 'O''Hara; -- no comment', '\\ and $1 and ?');
-- migrate:down
drop table users;`,
  '0002_values.ts': `export const options = { dependsOn: ['0001_users'], breaking: true }
export const up = async ({ sql, columnExists, dialect }) => {
  if (await columnExists('users', 'bio')) throw new Error('it is there')
  await sql\`alter table users add column bio text\`
  const [{ n }] = await sql\`select count(*) as n from users\`
  let id = Number(n) + 100
  for (const name of ["it's", 'back\\\\slash', 'line\\nbreak', '$1 ?', ''])
    await sql\`insert into users (id, name, note) values (\${id++}, \${name}, \${null})\`
  await sql\`update users set bio = \${'it is ' + dialect + " '?' $1"} where name <> '?' and id = \${1} -- the first?
  \`
}
export const down = async ({ sql }) => {
  await sql\`delete from users where id > \${100}\`
  await sql\`alter table users drop column bio\`
}
`,
  '0003_elsewhere.sql': '-- migrate:up dialects:OTHER\nselect 1;',
  '0004_orders.sql': `-- migrate:up breaking:true
create table orders (id integer primary key, user_id integer not null references users (id) on delete cascade);
insert into orders select id, id from users;
create index orders_user on orders (user_id);`,
  '0005_steps.sql': `-- migrate:up transaction:false
create table steps (n integer);
insert into steps values (1);
begin;
insert into steps values (2);
insert into steps values (3);
commit;
create index CONCURRENTLY steps_n on steps (n);`,
  '0006_operations.ts': `export const up = async ({ op }) => {
  await op.createTable('notes', { columns: {
    id: { type: 'bigint', identity: true, primaryKey: true },
    body: { type: 'text', nullable: false },
  } })
  await op.addColumn('notes', 'user_id', 'integer')
  await op.addForeignKey('notes', ['user_id'], { table: 'users' }, { onDelete: 'cascade' })
  await op.addCheck('notes', "body <> ''")
  await op.createIndex('notes', 'user_id')
  await op.createIndex('notes', 'user_id')
  await op.addCheck('notes', "body <> ''")
  await op.addForeignKey('notes', 'body', { table: 'users', columns: 'bio' }).then(() => { throw new Error('it works') }, () => {})
  await op.addUnique('users', ['name', 'id'])
}
export const down = async ({ op }) => {
  await op.dropConstraint('users', 'users_name_id_key')
  await op.dropTable('notes')
}
`,
}

const special = {
  PostgreSQL: {
    '0006_types.ts': `export const up = async ({ sql }) => {
  await sql.raw(\`create table kinds (a timestamptz, b bytea, c jsonb, d bigint, e boolean, f text[], g numeric);
    create function twice(n integer) returns integer language plpgsql as $body$ begin return 2 * n; end $body$\`)
  await sql\`insert into kinds values (\${new Date(86400000)}, \${new Uint8Array([0, 39, 92, 255])}, \${{ a: "it's" }}, \${9007199254740993n}, \${true}, \${['a"b', 'c,d', "e'f"]}, \${-1.5})\`
  await sql\`insert into kinds (d) values (twice(\${21}))\`
  await sql.raw("set search_path = pg_catalog; set session statement_timeout = 1234")
}
`,
    '0007_after.sql': 'create table after_that (n integer);',
  },
  SQLite: {
    '0006_types.ts': `export const up = async ({ sql }) => {
  await sql\`create table kinds (a, b blob, c, d integer, e, f, g real, h real)\`
  await sql\`insert into kinds values (\${new Date(86400000)}, \${new Uint8Array([0, 39, 92, 255])}, \${{ a: "it's" }}, \${-9223372036854775808n}, \${true}, \${['a"b']}, \${-1.5}, \${1e300})\`
  await sql\`insert into kinds (a, g, h) values (\${'nul \\0 byte'}, \${Infinity}, \${-0})\`
}
`,
    '0007_rebuild.ts': `export const up = async ({ sql }) => {
  await sql\`create table users_new (id integer primary key, name text not null, bio text)\`
  await sql\`insert into users_new select id, name, bio from users\`
  await sql\`drop table users\`
  await sql\`alter table users_new rename to users\`
}
`,
    '0008_rebuild.sql': `create table users_new (id integer primary key, name text);
insert into users_new select id, name from users;
drop table users;
alter table users_new rename to users;`,
  },
} as const

function filesFor(label: string): Record<string, string> {
  const isSqlite = label === 'SQLite'
  const texts = Object.entries(common).map(([name, text]) => [
    name,
    text
      .replace('OTHER', isSqlite ? 'postgres' : 'sqlite')
      .replace('CONCURRENTLY ', isSqlite ? '' : 'concurrently '),
  ])
  return { ...Object.fromEntries(texts), ...(isSqlite ? special.SQLite : special.PostgreSQL) }
}

const history =
  'select name, checksum, state, breaking, source, statements_done from schema_migrations order by id'
const log = 'select event, name, checksum, statements_done from schema_migrations_log order by id'

for (const [label, place] of Object.entries(places))
  describe(label, () => {
    const inPlace = async (
      work: (scene: {
        workspace: Workspace
        run: (args: readonly string[], target?: Target) => Promise<string>
        open: () => Promise<Target>
      }) => Promise<void>,
    ) => {
      using workspace = createWorkspace()
      writeMigrations(workspace, filesFor(label))
      const own = await place.env()
      await work({
        workspace,
        open: () => place.open(workspace),
        run: async (args, target) => {
          const url = target === undefined ? (label === 'SQLite' ? 'sqlite::memory:' : undefined) : target.url
          const env = { ...own, SLIPWAY_DATABASE_URL: url }
          const { code, stdout, stderr } = await slipway(args, { cwd: workspace.dir, env })
          assert.equal(code, 0, `slipway ${args.join(' ')}: ${stderr}`)
          // Of operations only what has an effect.
          assert.doesNotMatch(stdout, /slipway_(?:look|op)/)
          return stdout
        },
      })
    }

    test('from base to head: catalogue, rows and history are those of up', () =>
      inPlace(async ({ run, open }) => {
        await using byUp = await open()
        await using byScript = await open()
        await run(['up'], byUp)
        const script = await run(['sql', '--from', 'base', '--to', 'head'])
        byScript.run(script)
        assert.equal(await byScript.describe(), await byUp.describe())
        assert.deepEqual(await byScript.query(history), await byUp.query(history))
        assert.deepEqual(await byScript.query(log), await byUp.query(log))
        await run(['verify'], byScript)
        await run(['status', '--exit-code'], byScript)
        assert.equal(await run(['sql', '--from', 'base', '--to', 'head']), script, 'not the same twice')
      }))

    test('what is pending in a database that is asked, and reads it only', () =>
      inPlace(async ({ run, open }) => {
        await using byUp = await open()
        await using byScript = await open()
        await run(['up'], byUp)
        await run(['up', '--to', '0002'], byScript)
        const before = await byScript.describe()
        const first = await run(['sql', '--to', '0004'], byScript)
        assert.equal(await byScript.describe(), before)
        assert.doesNotMatch(first, /0005_steps|create table (?:"public"|main)\./)
        byScript.run(first)
        byScript.run(await run(['sql'], byScript))
        assert.equal(await byScript.describe(), await byUp.describe())
        assert.deepEqual(await byScript.query(history), await byUp.query(history))
        assert.match(await run(['sql'], byScript), /^-- slipway \S+: nothing to do after 000\d_/)
      }))

    test('a script for another state changes nothing', () =>
      inPlace(async ({ run, open }) => {
        await using target = await open()
        await run(['up', '--to', '0001'], target)
        const before = await target.describe()
        const script = await run(['sql', '--from', '0002', '--to', '0004'])
        assert.throws(() => target.run(script), /0002_values is not applied here|slipway_requires|NOT NULL/)
        const whole = await run(['sql', '--from', 'base', '--to', '0004'])
        assert.throws(() => target.run(whole), /already exists/)
        assert.equal(await target.describe(), before)
      }))

    test('--down: back to where the database was', () =>
      inPlace(async ({ run, open, workspace }) => {
        workspace.write({
          'migrations/0003_elsewhere.sql': `-- migrate:up dialects:${label === 'SQLite' ? 'postgres' : 'sqlite'}\nselect 1;\n`,
          'migrations/0004_orders.sql': `${common['0004_orders.sql']}
-- migrate:down transaction:false
drop index orders_user;
drop table orders;`,
        })
        await using wanted = await open()
        await using target = await open()
        await run(['up', '--to', '0001'], wanted)
        await run(['up', '--to', '0004'], target)
        const one = await run(['sql', '--down'], target)
        assert.equal(await run(['sql', '--from', '0004', '--down'], target), one)
        assert.doesNotMatch(one, /down: 0003/)
        target.run(await run(['sql', '--down', '--to', '0001'], target))
        assert.equal(await target.describe(), await wanted.describe())
        assert.deepEqual(await target.query(history), await wanted.query(history))
        const [last] = (await target.query(log)).slice(-1)
        assert.deepEqual([last?.event, last?.name], ['down', '0002_values'])
      }))
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

  for (const product of ['pairs', 'folders'])
    test(`the fixture ${product}: psql makes what up makes`, async () => {
      await using byUp = await createTestDatabase(newestMajor)
      await using byScript = await createTestDatabase(newestMajor)
      const env = {
        SLIPWAY_DIR: join(import.meta.dirname, '../fixtures', product),
        SLIPWAY_SCRATCH_URL: await scratch(),
      }
      const up = await slipway(['up'], {
        env: { ...env, SLIPWAY_DATABASE_URL: byUp.url() },
        timeoutMs: 120_000,
      })
      assert.equal(up.code, 0, up.stderr)
      const { code, stdout, stderr } = await slipway(['sql', '--from', 'base'], { env, timeoutMs: 120_000 })
      assert.equal(code, 0, stderr)
      runWithPsql(byScript, stdout)
      const query = (text: string) => byScript.query(text)
      const wanted = (text: string) => byUp.query(text)
      assert.deepEqual((await dumpCatalogue(query)).split('\n'), (await dumpCatalogue(wanted)).split('\n'))
      assert.equal(await dumpRowCounts(query), await dumpRowCounts(wanted))
      assert.deepEqual(await query(history), await wanted(history))
    })

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
    // Tests of other files make scratch databases on the shared one.
    await using server = await startPostgres({ major: newestMajor })
    const env = { SLIPWAY_DIR: workspace.path('migrations'), SLIPWAY_SCRATCH_URL: server.url() }
    const { code, stdout, stderr } = await slipway(['sql', '--from', 'base'], { env })
    assert.deepEqual([code, stdout], [70, ''])
    assert.match(stderr, /in the scratch database: 0002_b failed: column \\?"nothing\\?" does not exist/)
    assert.deepEqual(await scratchDatabases(server), [])
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
