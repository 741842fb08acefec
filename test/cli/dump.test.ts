/** `dump --baseline`: what it writes makes the same database, on both kinds. */
import assert from 'node:assert/strict'
import { chmodSync, readdirSync, renameSync } from 'node:fs'
import { describe, test } from 'node:test'
import { cliPath, nodePath, slipway } from '../helpers/cli.ts'
import { archive, check, dump, expectSame, places, up } from '../helpers/dumped.ts'
import { createTestDatabase, dumpedMajor, uniqueName } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const files = {
  'migrations/0001_a.sql': 'create table a (id integer primary key, n integer not null);\n',
  'migrations/0002_b.ts':
    'export const up = async ({ sql }) => { await sql`create view b as select n from a -- the numbers\n` }\n',
  'migrations/0003_c.sql': 'create index c on a (n);\n',
}

for (const [label, open] of Object.entries(places))
  describe(label, () => {
    test('what is dumped makes the same database, and is dumped as the same text', async () => {
      using workspace = createWorkspace(files)
      await using whole = await open(workspace)
      await up(workspace, whole)
      const before = [
        await whole.describe(),
        await whole.query('select * from schema_migrations order by id'),
      ]
      assert.equal(
        await dump(workspace, whole, 'dump', '--baseline'),
        'migrations/baseline.0003.sql: the schema after 3 migrations\n',
      )
      assert.deepEqual(
        [await whole.describe(), await whole.query('select * from schema_migrations order by id')],
        before,
      )
      const text = workspace.read('migrations/baseline.0003.sql')
      assert.doesNotMatch(text, /schema_migrations|Dumped|restrict/)
      archive(workspace)
      await using empty = await open(workspace)
      await expectSame(workspace, whole, empty)
      assert.equal(await dump(workspace, empty, 'dump', '--baseline', '--output', '-'), text)
      // Without old/, what the file lists is all that is known.
      await using listed = await open(workspace)
      renameSync(workspace.path('migrations/old'), workspace.path('gone'))
      await expectSame(workspace, whole, listed)
      workspace.write({ 'migrations/0004_d.sql': 'create table d (n integer);\n' })
      await up(workspace, listed)
      await dump(workspace, listed, 'dump', '--baseline')
      assert.match(workspace.read('migrations/baseline.0004.sql'), /^(?:-- slipway:applied .*\n){4}\n/)
    })

    test('nothing is written over without --force; another file with --output', async () => {
      using workspace = createWorkspace({ ...files, 'migrations/baseline.0003.sql': 'mine\n' })
      await using target = await open(workspace)
      workspace.write({ 'migrations/baseline.0003.sql': undefined })
      await up(workspace, target)
      workspace.write({ 'migrations/baseline.0003.sql': '-- mine\n' })
      const refused = await slipway(['dump', '--baseline'], { cwd: workspace.dir, env: target.env })
      assert.equal(refused.code, 73)
      assert.match(refused.stderr, /"code":"file-exists".*migrations\/baseline\.0003\.sql is there already/)
      assert.equal(workspace.read('migrations/baseline.0003.sql'), '-- mine\n')
      await dump(workspace, target, 'dump', '--baseline', '--output', 'schema.sql')
      await dump(workspace, target, 'dump', '--baseline', '--force')
      assert.match(workspace.read('schema.sql'), /-- slipway:applied 0003_c sha256-v1:/)
      assert.equal(workspace.read('migrations/baseline.0003.sql'), workspace.read('schema.sql'))
      assert.deepEqual(
        readdirSync(workspace.path('migrations')).filter((name) => name.startsWith('.')),
        [],
      )
    })

    test('it ends where history ends; what comes later stays pending', async () => {
      using workspace = createWorkspace(files)
      await using target = await open(workspace)
      await up(workspace, target, '0002')
      await dump(workspace, target, 'dump', '--baseline')
      assert.deepEqual(workspace.read('migrations/baseline.0002.sql').match(/slipway:applied \S+/g), [
        'slipway:applied 0001_a',
        'slipway:applied 0002_b',
      ])
      await using empty = await open(workspace)
      await up(workspace, empty)
      await up(workspace, target)
      assert.equal(await empty.describe(), await target.describe())
    })

    test('refused: pending before it, unfinished, edited, unknown', async () => {
      using workspace = createWorkspace(files)
      await using target = await open(workspace)
      const refuse = async (exit: number, message: RegExp) => {
        const result = await slipway(['dump', '--baseline'], { cwd: workspace.dir, env: target.env })
        assert.equal(result.code, exit, result.stderr)
        assert.match(result.stderr, message)
        assert.deepEqual(
          readdirSync(workspace.path('migrations')).filter((name) => name.startsWith('baseline.')),
          [],
        )
      }
      await refuse(66, /"code":"bad-baseline".*no migration is applied/)
      await up(workspace, target)
      // A name with the newest version, behind it: `up` would run it, and a baseline would swallow it.
      workspace.write({ 'migrations/0003_d.sql': 'create table d (n integer);\n' })
      await refuse(65, /"code":"late".*0003_d is pending, and a baseline up to 0003 would stand for it/)
      workspace.write({ 'migrations/0003_d.sql': undefined })
      workspace.write({ 'migrations/0002_a.sql': 'create table d (n integer);\n' })
      await refuse(65, /"code":"late".*0002_a is pending/)
      workspace.write({ 'migrations/0002_a.sql': undefined, 'migrations/0003_c.sql': 'select 1;\n' })
      await refuse(65, /"code":"changed".*0003_c was edited/)
      workspace.write({ 'migrations/0003_c.sql': undefined })
      await refuse(65, /"code":"ahead".*0003_c is applied, but has no file in this folder/)
      workspace.write({ 'migrations/0003_c.sql': files['migrations/0003_c.sql'] })
      await target.change("update schema_migrations set state = 'started' where name = '0002_b'")
      await refuse(79, /"code":"unfinished".*0002_b did not finish/)
      await target.change("update schema_migrations set state = 'applied' where name = '0002_b'")
      await dump(workspace, target, 'dump', '--baseline')
    })
  })

test(`PostgreSQL ${dumpedMajor}: owners when asked, another schema for history, no subscriptions, no rights`, async () => {
  await using db = await createTestDatabase(dumpedMajor)
  const owner = uniqueName('owner')
  using workspace = createWorkspace({
    'migrations/0001_a.sql': `create table a (n integer);\nalter table a owner to ${owner};\n`,
  })
  await db.query(`create role ${owner} login password 'not-shown'`)
  const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_SCHEMA: 'meta' }
  const print = async (more: Readonly<Record<string, string>> = {}, ...args: string[]) =>
    slipway(['dump', '--baseline', '--output', '-', ...args], {
      cwd: workspace.dir,
      env: { ...env, ...more },
    })
  try {
    await db.query('create schema meta')
    assert.equal((await slipway(['up'], { cwd: workspace.dir, env })).code, 0)
    await db.query(`create subscription s connection 'host=nowhere password=hunter-2' publication p
      with (connect = false, enabled = false, slot_name = none)`)
    const plain = (await print()).stdout
    assert.doesNotMatch(plain, /OWNER TO|hunter-2|schema_migrations/)
    assert.match(plain, /CREATE SCHEMA IF NOT EXISTS meta;/)
    assert.match((await print({}, '--owner')).stdout, new RegExp(`ALTER TABLE public\\.a OWNER TO ${owner};`))
    await db.query(`revoke all on a from ${owner}; alter table a owner to current_user;
      grant usage on schema meta to ${owner}; grant select on all tables in schema meta to ${owner}`)
    const denied = await print({ SLIPWAY_DATABASE_URL: db.url({ user: owner, password: 'not-shown' }) })
    assert.equal(denied.code, 78)
    assert.match(denied.stderr, /"code":"dump-failed".*permission denied for table a/)
    workspace.write({ 'migrations/baseline.0001.sql': plain, 'migrations/0001_a.sql': undefined })
    await using empty = await createTestDatabase(dumpedMajor)
    const loaded = { ...env, SLIPWAY_DATABASE_URL: empty.url() }
    const up = await slipway(['up'], { cwd: workspace.dir, env: loaded })
    assert.equal(up.code, 0, up.stderr)
    assert.deepEqual(await empty.query('select n from a'), [])
  } finally {
    await db.query('drop subscription if exists s')
    await db.query(`drop owned by ${owner}; drop role ${owner}`)
  }
})

test('SQLite: virtual tables, triggers, views on views, generated columns, AUTOINCREMENT', async () => {
  using workspace = createWorkspace({
    'migrations/0001_all.sql': `create table "order" (id integer primary key autoincrement, total integer, twice as (total * 2));
create table log (at text, what text, primary key (at, what)) without rowid, strict;
create virtual table search using fts5(body);
create view z as select id from "order";
create trigger "order_log" after insert on "order" begin
  insert into log values ('now', 'new; order');
  insert into search values (new.total);
end;
create trigger through instead of insert on z begin insert into "order" (total) values (1); end;
create unique index "order_total" on "order" (total) where total > 0;
insert into "order" (total) values (7);
`,
  })
  const open = places.SQLite
  assert.ok(open)
  await using whole = await open(workspace)
  await up(workspace, whole)
  // SQLite keeps the comment at the end of a view, and a semicolon behind it would be part of it.
  await whole.change(
    'create view a as select id from z -- first by name\n; create index total on "order" (total) -- too\n;',
  )
  await dump(workspace, whole, 'dump', '--baseline')
  const text = workspace.read('migrations/baseline.0001.sql')
  assert.doesNotMatch(text, /sqlite_|search_(?:data|idx|content)/)
  await using empty = await open(workspace)
  await up(workspace, empty)
  const shape =
    "select type, name, sql from sqlite_schema where tbl_name not like 'schema_migrations%' order by 1, 2"
  const withoutComments = (found: Record<string, unknown>[]) =>
    found.map(({ sql, ...rest }) => ({ ...rest, sql: String(sql).replace(/\s*-- .*\s*$/, '') }))
  assert.deepEqual(withoutComments(await empty.query(shape)), withoutComments(await whole.query(shape)))
  await empty.change('insert into z values (null)')
  assert.deepEqual(await empty.query('select id, twice from "order"'), [{ id: 1, twice: 2 }])
  assert.deepEqual(await empty.query('select what from log'), [{ what: 'new; order' }])
  await check(workspace, empty)
})

test(`PostgreSQL ${dumpedMajor}: what is applied while the schema is read is in both, or nothing is written`, async () => {
  await using db = await createTestDatabase(dumpedMajor)
  using workspace = createWorkspace(files)
  const env = { SLIPWAY_DATABASE_URL: db.url() }
  assert.equal((await slipway(['up', '--to', '0002'], { cwd: workspace.dir, env })).code, 0)
  /** Before the real one, once or each time. */
  const withProgram = (lines: string) => {
    workspace.write({ 'bin/pg_dump': `#!/bin/sh\nPATH=\${PATH#*:}\n${lines}\nexec pg_dump "$@"\n` })
    chmodSync(workspace.path('bin/pg_dump'), 0o755)
    const PATH = `${workspace.path('bin')}:${process.env.PATH}`
    return slipway(['dump', '--baseline'], { cwd: workspace.dir, env: { ...env, PATH } })
  }
  const moving = await withProgram(
    `psql -qc 'update schema_migrations set statements_done = statements_done + 1' || exit 1`,
  )
  assert.equal(moving.code, 75, moving.stderr)
  assert.match(moving.stderr, /migrations were applied while the schema was read/)
  assert.deepEqual(readdirSync(workspace.path('migrations')).sort(), [
    '0001_a.sql',
    '0002_b.ts',
    '0003_c.sql',
  ])
  const up = `'${nodePath}' '${cliPath}' up --dir '${workspace.path('migrations')}' >&2 || exit 1`
  workspace.write({ url: db.url() })
  const once = await withProgram(
    `mkdir '${workspace.path('once')}' && { env -i SLIPWAY_DATABASE_URL_FILE='${workspace.path('url')}' ${up}; }`,
  )
  assert.equal(once.code, 0, once.stderr)
  const text = workspace.read('migrations/baseline.0003.sql')
  assert.match(text, /slipway:applied 0003_c/)
  assert.match(text, /CREATE INDEX c /)
})
