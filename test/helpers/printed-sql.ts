/** `slipway sql` on one database: what it prints, given to its own command line, makes what `up` makes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createMigrator } from '../../src/index.ts'
import { dumpCatalogue, dumpRowCounts, dumpSqliteCatalogue } from './catalogue.ts'
import { slipway } from './cli.ts'
import { createTestDatabase, sharedPostgres } from './postgres.ts'
import { runWithPsql, runWithSqlite3 } from './script.ts'
import { readSqlite } from './sqlite.ts'
import { createWorkspace, type Workspace, writeMigrations } from './workspace.ts'

export interface Target extends AsyncDisposable {
  readonly url: string
  query(text: string): Promise<Record<string, unknown>[]>
  /** Schema, and how many rows each table has. */
  describe(): Promise<string>
  run(script: string): void
}

export interface Place {
  readonly open: (workspace: Workspace) => Promise<Target>
  readonly env: () => Promise<Record<string, string>>
}

let count = 0

export function onPostgres(major: number): Place {
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

export const onSqlite: Place = {
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

export const history =
  'select name, checksum, state, breaking, source, statements_done from schema_migrations order by id'
export const log = 'select event, name, checksum, statements_done from schema_migrations_log order by id'

/** The tests of one database; `label` is `SQLite` or another one. */
export function describeScripts(label: string, place: Place): void {
  describe(label, () => {
    const inPlace = async (
      work: (scene: {
        workspace: Workspace
        run: (args: readonly string[], target?: Target) => Promise<string>
        up: (target: Target, to?: string) => Promise<void>
        /** Neither pending nor wrong. */
        check: (target: Target) => Promise<void>
        open: () => Promise<Target>
      }) => Promise<void>,
    ) => {
      using workspace = createWorkspace()
      writeMigrations(workspace, filesFor(label))
      const own = await place.env()
      await work({
        workspace,
        open: () => place.open(workspace),
        up: async (target, to) => {
          await using migrator = await createMigrator({ databaseUrl: target.url, cwd: workspace.dir })
          await migrator.up({ to })
        },
        check: async (target) => {
          await using migrator = await createMigrator({ databaseUrl: target.url, cwd: workspace.dir })
          assert.equal((await migrator.verify()).ok, true)
          assert.deepEqual((await migrator.plan()).steps, [])
        },
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
      inPlace(async ({ run, up, check, open }) => {
        await using byUp = await open()
        await using byScript = await open()
        await up(byUp)
        const script = await run(['sql', '--from', 'base', '--to', 'head'])
        byScript.run(script)
        assert.equal(await byScript.describe(), await byUp.describe())
        assert.deepEqual(await byScript.query(history), await byUp.query(history))
        assert.deepEqual(await byScript.query(log), await byUp.query(log))
        await check(byScript)
        assert.equal(await run(['sql', '--from', 'base', '--to', 'head']), script, 'not the same twice')
      }))

    test('what is pending in a database that is asked, and reads it only', () =>
      inPlace(async ({ run, up, open }) => {
        await using byUp = await open()
        await using byScript = await open()
        await up(byUp)
        await up(byScript, '0002')
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
      inPlace(async ({ run, up, open }) => {
        await using target = await open()
        await up(target, '0001')
        const before = await target.describe()
        const script = await run(['sql', '--from', '0002', '--to', '0004'])
        assert.throws(() => target.run(script), /0002_values is not applied here|slipway_requires|NOT NULL/)
        const whole = await run(['sql', '--from', 'base', '--to', '0004'])
        assert.throws(() => target.run(whole), /already exists/)
        assert.equal(await target.describe(), before)
      }))

    test('--down: back to where the database was', () =>
      inPlace(async ({ run, up, open, workspace }) => {
        workspace.write({
          'migrations/0003_elsewhere.sql': `-- migrate:up dialects:${label === 'SQLite' ? 'postgres' : 'sqlite'}\nselect 1;\n`,
          'migrations/0004_orders.sql': `${common['0004_orders.sql']}
-- migrate:down transaction:false
drop index orders_user;
drop table orders;`,
        })
        await using wanted = await open()
        await using target = await open()
        await up(wanted, '0001')
        await up(target, '0004')
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
}

/** Of a folder: the printed script makes what `up` makes, on databases of their own. */
export async function expectSame(place: Place, dir: string): Promise<void> {
  using workspace = createWorkspace()
  await using byUp = await place.open(workspace)
  await using byScript = await place.open(workspace)
  await using migrator = await createMigrator({ databaseUrl: byUp.url, dir })
  await migrator.up()
  const env = { ...(await place.env()), SLIPWAY_DIR: dir }
  const { code, stdout, stderr } = await slipway(['sql', '--from', 'base', '--to', 'head'], {
    env,
    timeoutMs: 120_000,
  })
  assert.equal(code, 0, stderr)
  byScript.run(stdout)
  assert.deepEqual((await byScript.describe()).split('\n'), (await byUp.describe()).split('\n'))
  assert.deepEqual(await byScript.query(history), await byUp.query(history))
}
