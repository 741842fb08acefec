/** What a migration may ask about the schema: each check with plain, qualified, hostile and absent names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Checks } from '../../../src/dialects/dialect.ts'
import { newestMajor } from '../../helpers/postgres.ts'
import { withContext } from './open-context.ts'
import { testEach } from './scene.ts'

/** 63 bytes, the longest a name can be. */
const longest = `${'ü'.repeat(31)}x`
const weird = 'we;ird "name"; drop table t --'
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const schema = `
  create schema app;
  create schema "Od.d";
  create type mood as enum ('happy', 'so''so');
  create type app.tone as enum ('low');
  create domain positive as int check (value > 0);
  create table t (n int primary key, name varchar(20), tags text[] default '{}', amount numeric(10, 2), m mood,
    gone int, constraint name_length check (length(name) > 1), constraint t_name unique (name));
  alter table t drop column gone;
  create index t_by_amount on t (amount desc) where n > 0;
  create unique index t_lower on t (lower(name));
  create table app.orders (id bigint generated always as identity primary key, t_n int references t (n) on delete cascade);
  create view recent as select n, name from t;
  create materialized view app.totals as select count(*) as n from t;
  create function app.twice(int) returns int language sql as 'select $1 * 2';
  create procedure proc() language sql as 'select 1';
  create function stamp() returns trigger language plpgsql as 'begin return new; end';
  create trigger touch before insert on t for each row execute function stamp();
  create sequence app.counter;
  create table parted (n int) partition by range (n);
  create table part1 partition of parted for values from (0) to (10);
  create index parted_n on only parted (n);
  create table ${quoted(weird)} (${quoted(weird)} int constraint ${quoted(weird)} check (true));
  create index ${quoted(`${weird}i`)} on ${quoted(weird)} (${quoted(weird)});
  create trigger ${quoted(weird)} before insert on ${quoted(weird)} for each row execute function stamp();
  create type ${quoted(`${weird}e`)} as enum (${`'${weird}'`});
  create view ${quoted(`${weird}v`)} as select 1 as one;
  create function ${quoted(weird)}() returns int language sql as 'select 1';
  create schema ${quoted(weird)};
  create table "dotted.name" ("a.b" int);
  create table "Od.d"."Ta.ble" ("Co.l" int);
  create table ${longest} (${longest} int);
  insert into t (n, name) values (1, 'one'), (2, null);
  insert into ${quoted(weird)} values (7);
  create table doubles (n int);
  insert into doubles values (1), (1);`

const setUp = [schema, 'create unique index concurrently doubles_n on doubles (n)']

const answers: readonly [what: string, ask: (checks: Checks) => Promise<unknown>, answer: unknown][] = [
  ['a table', (c) => c.tableExists('t'), true],
  ['in upper case it is another', (c) => c.tableExists('T'), false],
  ['with its schema', (c) => c.tableExists('public.t'), true],
  ['in the wrong schema', (c) => c.tableExists('app.t'), false],
  ['in no schema of that name', (c) => c.tableExists('nowhere.t'), false],
  ['one that search_path does not reach', (c) => c.tableExists('orders'), false],
  ['the same, qualified', (c) => c.tableExists('app.orders'), true],
  ['a catalogue table', (c) => c.tableExists('pg_class'), true],
  ['a view is no table', (c) => c.tableExists('recent'), false],
  ['an index is no table', (c) => c.tableExists('t_lower'), false],
  ['a partitioned table', (c) => c.tableExists('parted'), true],
  ['a hostile table', (c) => c.tableExists(quoted(weird)), true],
  ['hostile and unquoted', (c) => c.tableExists(weird), true],
  ['hostile with its schema', (c) => c.tableExists(`public.${quoted(weird)}`), true],
  ['a name with a dot', (c) => c.tableExists('"dotted.name"'), true],
  ['the same, unquoted', (c) => c.tableExists('dotted.name'), false],
  ['dots on both sides', (c) => c.tableExists('"Od.d"."Ta.ble"'), true],
  ['the longest name', (c) => c.tableExists(longest), true],
  ['a longer name is the one that the server would make of it', (c) => c.tableExists(`${longest}y`), true],
  ['a wildcard is no name', (c) => c.tableExists('_'), false],
  ['a backslash', (c) => c.tableExists("t\\' or true --"), false],

  ['a column', (c) => c.columnExists('t', 'name'), true],
  ['no such column', (c) => c.columnExists('t', 'nope'), false],
  ['a dropped column', (c) => c.columnExists('t', 'gone'), false],
  ['the name a dropped column has now', (c) => c.columnExists('t', '........pg.dropped.6........'), false],
  ['a system column', (c) => c.columnExists('t', 'ctid'), false],
  ['a column of a view', (c) => c.columnExists('recent', 'name'), true],
  ['a column of another schema', (c) => c.columnExists('app.orders', 't_n'), true],
  ['a column of no table', (c) => c.columnExists('nope', 'name'), false],
  ['a hostile column', (c) => c.columnExists(weird, weird), true],
  ['a column with a dot', (c) => c.columnExists('"Od.d"."Ta.ble"', 'Co.l'), true],
  ['the longest column', (c) => c.columnExists(longest, longest), true],

  ['a type', (c) => c.columnType('t', 'name'), 'character varying(20)'],
  ['an array', (c) => c.columnType('public.t', 'tags'), 'text[]'],
  ['a numeric', (c) => c.columnType('t', 'amount'), 'numeric(10,2)'],
  ['an enum', (c) => c.columnType('t', 'm'), 'mood'],
  ['no column', (c) => c.columnType('t', 'nope'), undefined],
  ['a dropped one', (c) => c.columnType('t', 'gone'), undefined],

  ['an index', (c) => c.indexExists('t_by_amount'), true],
  ['with its schema', (c) => c.indexExists('public.t_by_amount'), true],
  ['in the wrong schema', (c) => c.indexExists('app.t_by_amount'), false],
  ['of a constraint', (c) => c.indexExists('t_pkey'), true],
  ['a table is no index', (c) => c.indexExists('t'), false],
  ['an INVALID index', (c) => c.indexExists('doubles_n'), false],
  ['an INVALID index of a partitioned table', (c) => c.indexExists('parted_n'), false],
  ['a hostile index', (c) => c.indexExists(quoted(`${weird}i`)), true],
  [
    'an index like it',
    (c) => c.indexExists('t_by_amount', { like: 'create index t_by_amount on t (amount desc) where n > 0' }),
    true,
  ],
  ['no index to compare with', (c) => c.indexExists('nope', { like: 'create index nope on t (n)' }), false],

  ['a constraint', (c) => c.constraintExists('t', 'name_length'), true],
  ['a primary key', (c) => c.constraintExists('t', 't_pkey'), true],
  ['a foreign key', (c) => c.constraintExists('app.orders', 'orders_t_n_fkey'), true],
  ['a constraint of another table', (c) => c.constraintExists('app.orders', 't_pkey'), false],
  ['a hostile constraint', (c) => c.constraintExists(weird, weird), true],
  [
    'a constraint like it',
    (c) => c.constraintExists('t', 'name_length', { like: 'check (length(name) > 1)' }),
    true,
  ],

  ['an enum', (c) => c.enumExists('mood'), true],
  ['in a schema', (c) => c.enumExists('app.tone'), true],
  ['out of reach', (c) => c.enumExists('tone'), false],
  ['a domain is no enum', (c) => c.enumExists('positive'), false],
  ['a hostile enum', (c) => c.enumExists(quoted(`${weird}e`)), true],
  ['a value', (c) => c.enumValueExists('mood', "so'so"), true],
  ['no value', (c) => c.enumValueExists('mood', 'low'), false],
  ['a value of no enum', (c) => c.enumValueExists('nope', 'happy'), false],
  ['a hostile value', (c) => c.enumValueExists(quoted(`${weird}e`), weird), true],

  ['a view', (c) => c.viewExists('recent'), true],
  ['a materialized view', (c) => c.viewExists('app.totals'), true],
  ['a table is no view', (c) => c.viewExists('t'), false],
  ['a hostile view', (c) => c.viewExists(quoted(`${weird}v`)), true],

  ['a function', (c) => c.functionExists('app.twice'), true],
  ['out of reach', (c) => c.functionExists('twice'), false],
  ['a procedure', (c) => c.functionExists('proc'), true],
  ['a hostile function', (c) => c.functionExists(quoted(weird)), true],
  ['no function', (c) => c.functionExists('nope'), false],

  ['a trigger', (c) => c.triggerExists('t', 'touch'), true],
  ['of another table', (c) => c.triggerExists('app.orders', 'touch'), false],
  ["a foreign key's own trigger", (c) => c.triggerExists('app.orders', 'RI_ConstraintTrigger_c_1'), false],
  ['a hostile trigger', (c) => c.triggerExists(weird, weird), true],

  ['an extension', (c) => c.extensionExists('plpgsql'), true],
  ['no extension', (c) => c.extensionExists('postgis'), false],
  ['a schema', (c) => c.schemaExists('app'), true],
  ['a schema with a dot', (c) => c.schemaExists('Od.d'), true],
  ['a hostile schema', (c) => c.schemaExists(weird), true],
  ['no schema', (c) => c.schemaExists('nope'), false],
  ['a sequence', (c) => c.sequenceExists('app.counter'), true],
  ['of an identity', (c) => c.sequenceExists('app.orders_id_seq'), true],
  ['a table is no sequence', (c) => c.sequenceExists('t'), false],

  ['a row', (c) => c.rowExists('t', { n: 1, name: 'one' }), true],
  ['no row', (c) => c.rowExists('t', { n: 1, name: 'two' }), false],
  ['null matches null', (c) => c.rowExists('public.t', { n: 2, name: null }), true],
  ['null does not match a value', (c) => c.rowExists('t', { n: 1, name: null }), false],
  ['any row', (c) => c.rowExists('t', {}), true],
  ['no row at all', (c) => c.rowExists('app.orders', {}), false],
  ['a hostile row', (c) => c.rowExists(weird, { [weird]: 7 }), true],
]

testEach('every check answers', async (major) => {
  await withContext({ major, setUp }, async ({ checks }) => {
    for (const [what, ask, answer] of answers) assert.equal(await ask(checks), answer, what)
  })
})

test('the first in search_path counts, and a temporary table hides a real one', async () => {
  await withContext({ major: newestMajor, setUp }, async ({ sql, checks }) => {
    await sql`create table app.t (other int)`
    assert.equal(await checks.columnExists('t', 'other'), false)
    await sql`set local search_path = app, public`
    assert.equal(await checks.columnExists('t', 'other'), true)
    assert.equal(await checks.columnExists('t', 'name'), false)
    assert.equal(await checks.functionExists('twice'), true)
    await sql`set local search_path = ''`
    assert.equal(await checks.tableExists('t'), false)
    assert.equal(await checks.tableExists('public.t'), true)
  })
})

test('a check sees what its own migration did, and takes no lock on the table', async () => {
  await withContext({ major: newestMajor, setUp }, async ({ sql, checks }) => {
    await sql`alter table app.orders add column fresh int`
    assert.equal(await checks.columnExists('app.orders', 'fresh'), true)
    for (const [, ask] of answers.filter(([, one]) => !String(one).includes('rowExists'))) await ask(checks)
    const locks = await sql`select relation::regclass::text as name from pg_locks
      where pid = pg_backend_pid() and relation in ('t'::regclass, 'recent'::regclass, 'parted'::regclass)`
    assert.deepEqual(locks, [])
  })
})

test('a name that cannot be read is refused by name', async () => {
  await withContext({ major: newestMajor }, async ({ checks }) => {
    for (const bad of ['', 'a.b.c', '.t', 't.', 'nul\0', '"open']) {
      await assert.rejects(async () => await checks.tableExists(bad), /name/, JSON.stringify(bad))
    }
  })
})
