import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { dumpCatalogue, dumpRowCounts, dumpSqliteCatalogue } from './catalogue.ts'
import { applyFiles, chooseOracle } from './oracle.ts'
import { newestMajor, postgresMajors, withDatabase } from './postgres.ts'
import { createWorkspace } from './workspace.ts'

const Database = createRequire(import.meta.url)('better-sqlite3') as typeof import('better-sqlite3')

const base = `
  create table a (id int primary key, b text);
  create type mood as enum ('sad', 'ok');
  create function f() returns int language sql as 'select 1';
  create function trigger_f() returns trigger language plpgsql as 'begin return new; end';
  create view v as select id from a;
  create sequence s;
  create domain d as int;
  create type c as (x int);
  create table p (k int) partition by list (k);`

const changes = [
  'create schema other',
  'create extension citext',
  'alter table a add column c int',
  'alter table a alter column b set default now()::text',
  'alter table a alter column b set not null',
  'alter table a alter column b type varchar(9)',
  'alter table a add column g int generated always as (id + 1) stored',
  'alter table a add column i int generated always as identity',
  'alter table a add constraint ck check (id > 0)',
  'alter table a add constraint ck check (id > 0) not valid',
  'alter table a add constraint fk foreign key (id) references a deferrable',
  'alter table a set (fillfactor = 50)',
  'alter table a enable row level security',
  'alter table a rename column b to bb',
  'alter table a replica identity full',
  'create index i on a (b)',
  'create index i on a (b) where id > 3',
  'create index i on a (lower(b)) include (id)',
  `create index i on a (b); update pg_index set indisvalid = false where indexrelid = 'i'::regclass`,
  'create or replace view v as select id, id as more from a',
  `create or replace function f() returns int language sql as 'select 2'`,
  `create function f(x int) returns int language sql as 'select 2'`,
  'alter function f() security definer',
  'create trigger t before insert on a for each row execute function trigger_f()',
  'create trigger t before insert on a for each row execute function trigger_f(); alter table a disable trigger t',
  `alter type mood add value 'great'`,
  `alter type mood add value 'great' before 'ok'`,
  `alter type mood rename value 'ok' to 'fine'`,
  'alter domain d add constraint dc check (value > 0)',
  'alter domain d set not null',
  'alter type c add attribute y int',
  'create type r as range (subtype = int)',
  'alter sequence s increment by 2',
  'alter sequence s owned by a.id',
  'create policy po on a using (true)',
  'create policy po on a for select to pg_monitor using (id = 1)',
  'grant select on a to pg_monitor',
  'grant select (b) on a to pg_monitor',
  'alter default privileges grant select on tables to pg_monitor',
  `comment on table a is 'x'`,
  `comment on column a.b is 'x'`,
  `comment on function f() is 'x'`,
  'create table p1 partition of p for values in (1)',
  'create rule ru as on delete to a do instead nothing',
  'create materialized view m as select 1 as x',
  'create statistics st on id, b from a',
  'create operator <~~> (leftarg = int, rightarg = int, function = int4pl)',
  'create cast (mood as int) with inout',
  'create unlogged table u (x int)',
]

test('every kind of change shows in the catalogue', () =>
  withDatabase(newestMajor, async (db) => {
    await db.query(base)
    await using sql = await db.connect()
    const query = async (text: string) => [...(await sql.unsafe(text))]
    const before = await dumpCatalogue(query)
    const seen = new Set([before])
    for (const change of changes) {
      await sql.unsafe('begin')
      await sql.unsafe(change)
      const after = await dumpCatalogue(query)
      assert.ok(!seen.has(after), `no difference after: ${change}`)
      seen.add(after)
      await sql.unsafe('rollback')
      assert.equal(await dumpCatalogue(query), before)
    }
  }))

for (const major of postgresMajors)
  test(`PostgreSQL ${major}: the history tables are not part of it, whatever they have`, () =>
    withDatabase(major, async (db) => {
      const query = (text: string) => db.query(text)
      await db.query(base)
      const before = (await dumpCatalogue(query)) + (await dumpRowCounts(query))
      await db.query(`
        create table schema_migrations (id bigint generated always as identity primary key, name text unique not null,
          at timestamptz default now(), check (name <> ''));
        create table schema_migrations_log (id bigserial primary key, name text references schema_migrations (name));
        create index on schema_migrations_log (name);
        comment on table schema_migrations is 'x';
        comment on column schema_migrations.name is 'x';
        grant select on schema_migrations to pg_monitor`)
      assert.equal((await dumpCatalogue(query)) + (await dumpRowCounts(query)), before)
    }))

// The fixtures are for 14 and later.
for (const major of postgresMajors.filter((major) => major >= 14).slice(-1))
  test(`PostgreSQL ${major}: two databases made alike dump alike; both oracles agree`, () =>
    withDatabase(major, (one) =>
      withDatabase(major, async (two) => {
        const dir = join(import.meta.dirname, '../fixtures/pairs')
        const files = readdirSync(dir)
          .filter((name) => name.endsWith('.up.sql'))
          .sort()
          .map((name) => join(dir, name))
        await applyFiles(one, files, chooseOracle())
        // Other object ids in the second.
        await two.query('create table x (a serial); drop table x')
        await applyFiles(two, files, 'driver')
        const dumps = []
        for (const db of [one, two])
          dumps.push(
            (await dumpCatalogue((text) => db.query(text))) + (await dumpRowCounts((text) => db.query(text))),
          )
        assert.deepEqual(dumps[1]?.split('\n'), dumps[0]?.split('\n'))
      }),
    ))

test('SQLite: schema and row counts, without the history tables', () => {
  using workspace = createWorkspace()
  const file = workspace.path('a.db')
  const db = new Database(file)
  db.exec(`create table t (a int unique); create index i on t (a) where a > 1; create view v as select 1;
    create trigger tr after insert on t begin select 1; end; insert into t values (1)`)
  const before = dumpSqliteCatalogue(file)
  assert.match(before, /^table t on t 1: CREATE TABLE t \(a int unique\)$/m)
  db.exec(
    'create table schema_migrations (id integer primary key, name text unique); create index x on schema_migrations (name)',
  )
  assert.equal(dumpSqliteCatalogue(file), before)
  db.exec('insert into t values (2)')
  assert.notEqual(dumpSqliteCatalogue(file), before)
  db.close()
})
