/** Operations that rebuild a table: what hangs on it is there afterwards, byte by byte. */
import assert from 'node:assert/strict'
import { copyFileSync, rmSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import type { Operations } from '../../../src/dialects/operations.ts'
import { isSlipwayError } from '../../../src/errors.ts'
import { type LargeSight, lookAtLarge, makeLargeParent, parents } from '../../helpers/large-parent.ts'
import { openOnSqlite } from '../operations/arena.ts'
import { codeAttempt, createFolder, execute, openReady, query } from './fixture.ts'

type Body = (op: Operations) => Promise<unknown>

async function migrate(file: string, body: Body): Promise<void> {
  await using session = await openReady(file)
  await session.applyInTransaction(
    codeAttempt('0001', async (_executor, _checks, open) => void (await body(await open()))),
  )
}

interface Rebuild {
  readonly name: string
  readonly body: Body
  /** Columns that it is about. */
  readonly without?: readonly string[]
  readonly text: RegExp
  /** Objects that go or come. */
  readonly gone?: readonly string[]
  readonly come?: readonly string[]
  /** The pair of `sqlite_stat1` goes with an index. */
  readonly statistics?: boolean
}

const rebuilds: readonly Rebuild[] = [
  {
    name: 'addColumn, unique',
    body: (op) => op.addColumn('parent', 'x', { type: 'text', unique: true }),
    text: /"x" text,\n {2}constraint n_small .*, constraint "parent_x_key" unique \("x"\) -- the last/,
    come: ['index sqlite_autoindex_parent_1 null'],
  },
  {
    name: 'addColumn with the time',
    body: (op) =>
      op.addColumn('parent', 'x', { type: 'timestamptz', nullable: false, default: { now: true } }),
    text: /"x" text not null default \(strftime/,
  },
  {
    name: 'addColumn, a reference with a default',
    body: (op) => op.addColumn('parent', 'x', { type: 'integer', default: 1, references: 'parent' }),
    text: /constraint "parent_x_fkey" foreign key \("x"\) references "parent"/,
  },
  {
    name: 'dropColumn with its index and its check',
    body: (op) => op.dropColumn('parent', 'kind'),
    text: /virtual,\n {2}"odd/,
    gone: ['index parent_some CREATE INDEX parent_some on parent (n desc) where kind is not null'],
    statistics: true,
  },
  {
    name: 'alterColumn: type and values',
    body: (op) => op.alterColumn('parent', 'm', { type: 'text', using: "'m' || m", default: null }),
    without: ['m'],
    text: /m text, \/\* another/,
  },
  {
    name: 'alterColumn: not null',
    body: (op) => op.alterColumn('parent', 'n', { nullable: false }),
    text: /n integer not null, m/,
  },
  {
    name: 'alterColumn: null',
    body: (op) => op.alterColumn('parent', 'name', { nullable: true }),
    text: /name text collate nocase default 'x, y' check/,
  },
  {
    name: 'alterColumn: default',
    body: (op) => op.alterColumn('parent', 'odd "name', { default: 'new' }),
    text: /"odd ""name" text default 'new'/,
  },
  {
    name: 'addForeignKey',
    body: (op) => op.addForeignKey('parent', ['n'], { table: 'child' }, { onDelete: 'restrict' }),
    text: /check \(n < 1000000000\), constraint "parent_n_fkey" foreign key \("n"\) references "child" on delete restrict -- the last/,
  },
  {
    name: 'addUnique',
    body: (op) => op.addUnique('parent', ['name', 'n']),
    text: /constraint "parent_name_n_key" unique \("name", "n"\)/,
    come: ['index sqlite_autoindex_parent_1 null'],
  },
  {
    name: 'addCheck',
    body: (op) => op.addCheck('parent', 'm >= 0'),
    text: /constraint "parent_m_check" check \(m >= 0\)/,
  },
  {
    name: 'dropConstraint of the table',
    body: (op) => op.dropConstraint('parent', 'n_small'),
    text: /on delete set null\s+-- the last/,
  },
  {
    name: 'dropConstraint of a column, by the name it would have',
    body: (op) => op.dropConstraint('parent', 'parent_up_fkey'),
    text: /up integer,\n {2}constraint/,
  },
]

describe(`a parent of ${parents} rows`, () => {
  const folder = createFolder('large.db')
  makeLargeParent(folder.file)
  const before = lookAtLarge(folder.file)
  after(() => folder[Symbol.dispose]())

  for (const rebuild of rebuilds)
    test(rebuild.name, async () => {
      const file = `${folder.file}-${rebuilds.indexOf(rebuild)}`
      copyFileSync(folder.file, file)
      await migrate(file, rebuild.body)
      const without = rebuild.without ?? []
      const wanted = without.length === 0 ? before : lookAtLarge(folder.file, without)
      compare(rebuild, lookAtLarge(file, without), wanted)
      liveOn(file, rebuild.name.includes('by the name') ? 0 : 2)
      rmSync(file)
    })

  const compare = (rebuild: Rebuild, found: LargeSight, wanted: LargeSight) => {
    const { sqlite_stat1: stat1, sqlite_stat4: stat4, ...had } = wanted.rows
    const { sqlite_stat1: newStat1, sqlite_stat4: newStat4, ...has } = found.rows
    assert.deepEqual(has, had)
    if (rebuild.statistics !== true) assert.deepEqual([newStat1, newStat4], [stat1, stat4])
    const gone = rebuild.gone ?? []
    const objects = [...before.objects.filter((one) => !gone.includes(one)), ...(rebuild.come ?? [])]
    assert.deepEqual([...found.objects].sort(), objects.sort())
    assert.match(found.parent, rebuild.text)
    assert.match(found.parent, /\) strict$/)
    assert.deepEqual(found.faults, ['ok'])
  }
})

/** The sequence goes on, triggers fire, a deleted parent takes its children along. */
function liveOn(file: string, updated: number): void {
  const database = new BetterSqlite3(file)
  try {
    database.pragma('foreign_keys = on')
    const { lastInsertRowid } = database.prepare("insert into parent (name, n) values ('new', 5)").run()
    assert.equal(Number(lastInsertRowid), parents + 51)
    database.exec('delete from parent where id = 77')
    const count = (text: string) => database.prepare(text).pluck().get()
    assert.equal(count('select count(*) from child where parent_id = 77'), 0)
    assert.equal(
      count("select count(*) from log where what like 'update %'"),
      updated,
      'children of 77 by up',
    )
  } finally {
    database.close()
  }
}

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
  ['a table that a view shows', 'rebuild-failed', (op) => op.dropTable('p'), /error in view shown/],
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
      `create table p (id integer primary key, code text unique, seen text check (seen <> ''), touched text check (touched <> ''));
       create table c (code text references p (code), n integer);
       create view shown as select seen from p;
       create trigger touch after insert on c begin update p set touched = 'x'; end;
       insert into p values (1, 'a', 'b', 'c');
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
