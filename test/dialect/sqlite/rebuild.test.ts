/** Operations that rebuild a table: what hangs on it is there afterwards, byte by byte. With 100,000 rows: test/slow/dialect/sqlite. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSlipwayError } from '../../../src/errors.ts'
import { type Body, describeRebuilds, migrate } from '../../helpers/rebuilds.ts'
import { openOnSqlite } from '../operations/arena.ts'
import { codeAttempt, createFolder, execute, openReady, query } from './fixture.ts'

describeRebuilds(1000)

test('rowids, WITHOUT ROWID, and columns called rowid stay', async () => {
  using folder = createFolder()
  execute(
    folder.file,
    `create table plain (a text, b text);
     insert into plain (rowid, a) values (5, 'five'), (9, 'nine');
     create table odd (rowid text, _rowid_ text, b);
     insert into odd (oid, rowid) values (7, 'x');
     create table keyed (a text primary key, b integer) without rowid;
     insert into keyed values ('z', 1), ('a', 2);
     create table "we""ird; drop table plain" ("a b" text unique, [c d] text, \`e f\` text);
     insert into "we""ird; drop table plain" values ('1', '2', '3');`,
  )
  await migrate(folder.file, async (op) => {
    await op.addCheck('plain', "a <> 'x'")
    await op.addCheck('odd', 'b is null')
    await op.alterColumn('keyed', 'b', { nullable: false })
    await op.dropColumn('"we""ird; drop table plain"', 'a b')
    await op.alterColumn('"we""ird; drop table plain"', 'c d', { nullable: false })
  })
  assert.deepEqual(query(folder.file, 'select rowid, a from plain'), [
    { rowid: 5, a: 'five' },
    { rowid: 9, a: 'nine' },
  ])
  assert.deepEqual(query(folder.file, 'select oid as id, rowid from odd'), [{ id: 7, rowid: 'x' }])
  assert.deepEqual(query(folder.file, 'select * from keyed'), [
    { a: 'a', b: 2 },
    { a: 'z', b: 1 },
  ])
  assert.deepEqual(query(folder.file, 'select * from "we""ird; drop table plain"'), [
    { 'c d': '2', 'e f': '3' },
  ])
})

const refused: readonly [what: string, code: string, body: Body, message: RegExp][] = [
  ['a column that a view shows', 'rebuild-failed', (op) => op.dropColumn('p', 'seen'), /error in view shown/],
  [
    'a column that a trigger of another table names',
    'rebuild-failed',
    (op) => op.dropColumn('p', 'touched'),
    /changing c: no such column: touched/,
  ],
  ['a table that a view shows', 'rebuild-failed', (op) => op.dropTable('c'), /error in view children/],
  ['a table that a child refers to', 'bad-operation', (op) => op.dropTable('p'), /foreign key of c/],
  ['a view that another shows', 'rebuild-failed', (op) => op.dropView('children'), /error in view counted/],
  [
    'the index that a child refers to',
    'rebuild-failed',
    (op) => op.dropIndex('p_other'),
    /foreign key mismatch/,
  ],
  [
    'the key that a child refers to',
    'rebuild-failed',
    (op) => op.dropConstraint('p', 'p_code_key'),
    /foreign key mismatch/,
  ],
  [
    'a column that a child refers to',
    'bad-operation',
    (op) => op.dropColumn('p', 'code'),
    /foreign key of c/,
  ],
  ['a column of the primary key', 'bad-operation', (op) => op.dropColumn('p', 'id'), /primary key/],
  [
    'a foreign key that rows violate',
    'foreign-keys',
    (op) => op.addForeignKey('c', ['n'], { table: 'p' }),
    /c rowid 1 → p/,
  ],
]

for (const [what, code, body, message] of refused)
  test(`refused: ${what}`, async () => {
    using folder = createFolder()
    execute(
      folder.file,
      `create table p (id integer primary key, code text unique, seen text check (seen <> ''), touched text check (touched <> ''), other text);
       create unique index p_other on p (other);
       create table c (code text references p (code), n integer);
       create view shown as select seen from p;
       create view children as select n from c;
       create view counted as select count(*) from children;
       create table o (other text references p (other));
       create trigger touch after insert on c begin update p set touched = 'x'; end;
       insert into p values (1, 'a', 'b', 'c', 'd');
       insert into c values ('a', 99);`,
    )
    const before = query(folder.file, 'select sql from sqlite_schema where sql is not null')
    const error = await migrate(folder.file, body).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.ok(isSlipwayError(error), String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    const left = query(
      folder.file,
      "select sql from sqlite_schema where sql is not null and name not like 'schema_migrations%' and name <> 'sqlite_sequence'",
    )
    assert.deepEqual(left, before)
  })

test('rows that violate what is added undo the migration', async () => {
  await using ground = await openOnSqlite()
  await ground.migrate((op) => op.createTable('t', { columns: { a: 'integer', b: 'text' } }))
  await ground.run("insert into t values (1, null), (1, 'x')")
  const before = await ground.catalogue()
  await assert.rejects(
    ground.migrate((op) => op.addUnique('t', ['a'])),
    /UNIQUE/,
  )
  await assert.rejects(
    ground.migrate((op) => op.addCheck('t', 'a > 1')),
    /CHECK/,
  )
  await assert.rejects(
    ground.migrate((op) => op.alterColumn('t', 'b', { nullable: false })),
    /NOT NULL/,
  )
  await assert.rejects(
    ground.migrateStepwise((op) => op.addUnique('t', ['a'])),
    /UNIQUE/,
  )
  assert.equal(await ground.catalogue(), before)
})

test('a fault that was there before is no reason to refuse', async () => {
  using folder = createFolder()
  execute(
    folder.file,
    `create table t (a integer, b integer);
     create table c (n integer references t (a));
     create view broken as select * from nowhere;
     insert into c values (5);`,
  )
  await migrate(folder.file, (op) => op.addCheck('t', 'a > 1'))
  assert.match(
    String(query(folder.file, "select sql from sqlite_schema where name = 't'")[0]?.sql),
    /t_a_check/,
  )
})

test('an interleaved query waits for the rebuild', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table t (a integer); insert into t values (1)')
  await using session = await openReady(folder.file)
  await session.applyInTransaction(
    codeAttempt('0001', async (executor, _checks, open) => {
      const op = await open()
      const running = op.addCheck('t', 'a > 0')
      await Promise.all([running, ...[2, 3, 4].map((n) => executor.query('insert into t values (?)', [n]))])
    }),
  )
  assert.equal(query(folder.file, 'select count(*) as n from t')[0]?.n, 4)
})
