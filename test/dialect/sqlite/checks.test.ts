import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Checks } from '../../../src/dialects/dialect.ts'
import { codeAttempt, createFolder, execute, openReady } from './fixture.ts'

const schema = `
  create table users (id integer primary key, "E-mail" varchar(20) constraint email_shape check ("E-mail" like '%@%'), note);
  create table orders (
    id integer primary key, user_id integer, product_id integer,
    total integer generated always as (id * 2) virtual,
    constraint "orders uq" unique (user_id, product_id),
    constraint user_fk foreign key (user_id) references users (id) on delete cascade,
    foreign key (product_id, user_id) references products
  );
  create table products (a, b, primary key (a, b)) without rowid;
  create index orders_by_user on orders (user_id desc) where product_id > 0;
  create view recent as select id, user_id from orders;
  create trigger stamp after insert on users begin select 1; end;
  create virtual table search using fts5 (body);
  create table "we ird; drop table users --" ("co""l'umn" text, "a.b" int);
  create index "in;dex ""x""" on "we ird; drop table users --" ("co""l'umn");
  create trigger "tr'ig" after insert on "we ird; drop table users --" begin select 1; end;
  create view "vi[e]w" as select 1 as one;
  create table "dotted.name" (a);
  insert into users values (1, 'a@b', null), (2, 'c@d', 'x');
  insert into "we ird; drop table users --" values ('it''s', 1);`

async function withChecks(work: (checks: Checks) => Promise<void>): Promise<void> {
  using folder = createFolder()
  execute(folder.file, schema)
  await using session = await openReady(folder.file)
  await session.applyInTransaction(codeAttempt('0001', async (_, checks) => await work(checks)))
}

const weird = 'we ird; drop table users --'

const answers: readonly [what: string, ask: (checks: Checks) => Promise<unknown>, answer: unknown][] = [
  ['a table', (c) => c.tableExists('users'), true],
  ['in other case', (c) => c.tableExists('USERS'), true],
  ['with its schema', (c) => c.tableExists('main.users'), true],
  ['in another schema', (c) => c.tableExists('temp.users'), false],
  ['in a schema that does not exist', (c) => c.tableExists('nowhere.users'), false],
  ['no such table', (c) => c.tableExists('nope'), false],
  ['a view is no table', (c) => c.tableExists('recent'), false],
  ['a virtual table is one', (c) => c.tableExists('search'), true],
  ['a hostile table', (c) => c.tableExists(weird), true],
  ['quoted', (c) => c.tableExists(`main."${weird}"`), true],
  ['a name with a dot', (c) => c.tableExists('"dotted.name"'), true],
  ['a name with a dot, unquoted', (c) => c.tableExists('dotted.name'), false],
  ['a wildcard is no name', (c) => c.tableExists('user%'), false],

  ['a column', (c) => c.columnExists('users', 'note'), true],
  ['no such column', (c) => c.columnExists('users', 'nope'), false],
  ['a column of no table', (c) => c.columnExists('nope', 'note'), false],
  ['a generated column', (c) => c.columnExists('orders', 'total'), true],
  ['a column of a view', (c) => c.columnExists('recent', 'user_id'), true],
  ['a hostile column', (c) => c.columnExists(weird, `co"l'umn`), true],
  ['a column with a dot', (c) => c.columnExists(weird, 'a.b'), true],
  ['a type', (c) => c.columnType('users', 'e-mail'), 'varchar(20)'],
  ['a column without a type', (c) => c.columnType('users', 'note'), ''],
  ['the type of no column', (c) => c.columnType('users', 'nope'), undefined],
  ['a hostile column has a type', (c) => c.columnType(weird, `co"l'umn`), 'text'],

  ['an index', (c) => c.indexExists('orders_by_user'), true],
  ['no such index', (c) => c.indexExists('nope'), false],
  ['a hostile index', (c) => c.indexExists('"in;dex ""x"""'), true],
  ['a table is no index', (c) => c.indexExists('users'), false],
  [
    'an index like it',
    (c) =>
      c.indexExists('orders_by_user', {
        like: 'CREATE INDEX IF NOT EXISTS main."orders_by_user"\n ON Orders ( user_id DESC ) -- so\n WHERE product_id>0;',
      }),
    true,
  ],
  ['no index, like it or not', (c) => c.indexExists('nope', { like: 'create index nope on t (a)' }), false],

  ['a table constraint', (c) => c.constraintExists('orders', 'user_fk'), true],
  ['a quoted one', (c) => c.constraintExists('orders', 'orders uq'), true],
  ['a column constraint', (c) => c.constraintExists('users', 'email_shape'), true],
  [
    'a foreign key as PostgreSQL would name it',
    (c) => c.constraintExists('orders', 'orders_product_id_user_id_fkey'),
    true,
  ],
  ['no such constraint', (c) => c.constraintExists('orders', 'nope'), false],
  ['a constraint of another table', (c) => c.constraintExists('users', 'user_fk'), false],
  ['a constraint of no table', (c) => c.constraintExists('nope', 'user_fk'), false],
  [
    'a constraint like it',
    (c) =>
      c.constraintExists('orders', 'user_fk', {
        like: 'FOREIGN KEY ("user_id") REFERENCES users(id) ON DELETE CASCADE',
      }),
    true,
  ],
  [
    'an unnamed foreign key like it',
    (c) =>
      c.constraintExists('orders', 'orders_product_id_user_id_fkey', {
        like: 'foreign key (product_id, user_id) references products',
      }),
    true,
  ],

  ['a view', (c) => c.viewExists('recent'), true],
  ['a hostile view', (c) => c.viewExists('vi[e]w'), true],
  ['a table is no view', (c) => c.viewExists('users'), false],
  ['a trigger', (c) => c.triggerExists('users', 'stamp'), true],
  ['a trigger of another table', (c) => c.triggerExists('orders', 'stamp'), false],
  ['a trigger of no table', (c) => c.triggerExists('nope', 'stamp'), false],
  ['a hostile trigger', (c) => c.triggerExists(weird, `tr'ig`), true],
  ['a function', (c) => c.functionExists('JSON_extract'), true],
  ['no such function', (c) => c.functionExists('nope'), false],
  ['the schema main', (c) => c.schemaExists('main'), true],
  ['the schema temp', (c) => c.schemaExists('TEMP'), true],
  ['no such schema', (c) => c.schemaExists('public'), false],
  ['an enum', (c) => c.enumExists('mood'), false],
  ['a value of an enum', (c) => c.enumValueExists('mood', 'fine'), false],
  ['an extension', (c) => c.extensionExists('pgcrypto'), false],
  ['a sequence', (c) => c.sequenceExists('users_id_seq'), false],

  ['a row', (c) => c.rowExists('users', { id: 1 }), true],
  ['a row with a null', (c) => c.rowExists('users', { id: 1, note: null }), true],
  ['null is not a value', (c) => c.rowExists('users', { id: 2, note: null }), false],
  ['any row', (c) => c.rowExists('main.users', {}), true],
  ['no row', (c) => c.rowExists('products', {}), false],
  ['a hostile row', (c) => c.rowExists(weird, { 'co"l\'umn': "it's", 'a.b': true }), true],
]

test('checks', async (t) => {
  await withChecks(async (checks) => {
    for (const [what, ask, answer] of answers) {
      await t.test(what, async () => {
        assert.deepEqual(await ask(checks), answer)
      })
    }
  })
})

test('what has the name but another definition is an error', async () => {
  await withChecks(async (checks) => {
    await assert.rejects(
      checks.indexExists('orders_by_user', { like: 'create index orders_by_user on orders (user_id)' }),
      /index orders_by_user exists with another definition/,
    )
    await assert.rejects(
      checks.indexExists('orders_by_user', {
        like: "create index orders_by_user on orders (user_id desc) where product_id > '0'",
      }),
      /another definition/,
    )
    await assert.rejects(
      checks.constraintExists('orders', 'user_fk', { like: 'foreign key (user_id) references users (id)' }),
      /constraint user_fk exists with another definition/,
    )
  })
})

test('a check on what is not there fails instead of saying no', async () => {
  await withChecks(async (checks) => {
    await assert.rejects(checks.rowExists('nope', { id: 1 }), /no such table: nope/)
    await assert.rejects(checks.rowExists('users', { nope: 1 }), /no such column/)
    await assert.rejects(checks.rowExists('users', { id: undefined }), /is undefined/)
    await assert.rejects(checks.tableExists('a.b.c'), /cannot read "a\.b\.c" as a name/)
  })
})

test('temporary and attached tables are found where SQLite would find them', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await session.applyInTransaction(
    codeAttempt('0001', async ({ query }, checks) => {
      await query(`attach ':memory:' as "o'ther"; create table "o'ther".far (a text)`, [])
      await query(
        'create table near (a integer); create temp table near (b blob); create index temp.ti on near (b)',
        [],
      )
      assert.equal(await checks.schemaExists(`o'ther`), true)
      assert.equal(await checks.tableExists('far'), true)
      assert.equal(await checks.tableExists(`o'ther.far`), true)
      assert.equal(await checks.tableExists('main.far'), false)
      assert.equal(await checks.columnType('far', 'a'), 'text')
      assert.equal(await checks.columnExists('near', 'b'), true)
      assert.equal(await checks.columnExists('main.near', 'b'), false)
      assert.equal(await checks.indexExists('temp.ti'), true)
      assert.equal(await checks.indexExists('main.ti'), false)
    }),
  )
})
