/** The stored text of a table: taken apart, changed in one place, and otherwise left as it was written. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import { readSqliteTable } from '../../../src/sql/sqlite-table.ts'
import {
  appendColumn,
  appendConstraint,
  applyEdits,
  removeColumnConstraint,
  removeItem,
  renameIn,
  replaceType,
} from '../../../src/sql/sqlite-table-edit.ts'

const texts = [
  'create table t (a)',
  'CREATE TABLE "t" ("a" INTEGER PRIMARY KEY AUTOINCREMENT, b)',
  "create table t (a text default 'it''s, (x)' not null, b real default -1.5e-3 check (b < 1), c blob default x'00ff' unique)",
  'create table t (a int default (1 + (2)) not null, b double precision, c varchar(10, 2) collate nocase, [d e] int, `f` int)',
  "create table t ('a' int references t (b) on delete set null on update set default not null, b int unique on conflict replace, c as (a + 1), d int generated always as (a) stored not null)",
  'create table t (a int not null on conflict ignore, b int references p deferrable initially deferred unique, c int references p not deferrable check (c > 0))',
  'create table t (a int constraint "x y" not null constraint u unique, "check" int, "unique" text, primary_ int, constraint k primary key (a, "check") on conflict abort check (a > 0) unique ("unique") foreign key (a) references p (q) on delete cascade match full)',
  'create table t (a int /* , b int */ primary key, -- c int,\n d int -- the last\n) strict, without rowid',
  "create table t (a int, b text check (b in ('x', 'y')), constraint only check (a > 0 and (b <> 'z')))",
  'create table t (a, b null, c default current_timestamp, d default null, e default true, f default +1)',
]

const first = (sql: string) => {
  const table = readSqliteTable(sql)
  assert.ok(table)
  return table
}

/** SQLite itself takes the text. */
function accepts(sql: string): void {
  const database = new BetterSqlite3(':memory:')
  try {
    database.prepare(sql)
  } finally {
    database.close()
  }
}

describe('a table taken apart', () => {
  for (const sql of texts)
    it(sql, () => {
      const table = first(sql)
      const database = new BetterSqlite3(':memory:')
      database.exec(sql)
      const columns = database.prepare("select lower(name) from pragma_table_xinfo('t')").pluck().all()
      database.close()
      assert.deepEqual(
        table.columns.map(({ name }) => name),
        columns,
      )
    })

  it('kinds of constraints', () => {
    const kinds = texts.map((sql) => {
      const { columns, constraints } = first(sql)
      return [
        ...columns.map((column) => column.constraints.map(({ kind }) => kind).join(' + ')),
        ...constraints.map(({ kind }) => kind),
      ].join('; ')
    })
    assert.deepEqual(kinds, [
      '',
      'primary key; ',
      'default + not null; default + check; default + unique',
      'default + not null; ; collate; ; ',
      'references + not null; unique; generated; generated + not null',
      'not null; references + unique; references + check',
      'not null + unique; ; ; ; primary key; check; unique; foreign key',
      'primary key; ',
      '; check; check',
      '; null; default; default; default; default',
    ])
  })

  it('types', () => {
    const { sql, columns } = first(texts[3] ?? '')
    assert.deepEqual(
      columns.map(({ type }) => type && sql.slice(type.start, type.end)),
      ['int', 'double precision', 'varchar(10, 2)', 'int', 'int'],
    )
  })

  it('no table', () => {
    assert.equal(readSqliteTable('create virtual table t using fts5 (a)'), undefined)
  })
})

describe('changes', () => {
  for (const sql of texts) {
    it(`adding and removing again: ${sql}`, () => {
      const added = applyEdits(sql, [appendConstraint(first(sql), 'constraint "new" check (1)')])
      accepts(added)
      const constraint = first(added).constraints.find(({ name }) => name === 'new')
      assert.ok(constraint)
      assert.equal(applyEdits(added, removeItem(first(added), constraint)), sql)
      const wider = applyEdits(sql, [appendColumn(first(sql), '"new" text')])
      accepts(wider)
      const column = first(wider).columns.find(({ name }) => name === 'new')
      assert.ok(column)
      assert.equal(applyEdits(wider, removeItem(first(wider), column)), sql)
    })

    it(`removing each item: ${sql}`, () => {
      const { columns, constraints } = first(sql)
      for (const item of columns.length > 1 ? [...columns, ...constraints] : constraints) {
        const left = first(applyEdits(sql, removeItem(first(sql), item)))
        assert.equal(
          left.columns.length + left.constraints.length,
          columns.length + constraints.length - 1,
          left.sql,
        )
      }
      for (const [at, column] of columns.entries())
        for (const constraint of column.constraints) {
          const left = first(applyEdits(sql, [removeColumnConstraint(sql, constraint)]))
          assert.equal(left.columns[at]?.constraints.length, column.constraints.length - 1, left.sql)
        }
    })
  }

  it('a new name and a new type', () => {
    const table = first('create table [old name](a,b varchar(3) not null)')
    const [a, b] = table.columns
    assert.ok(a && b)
    assert.equal(
      applyEdits(table.sql, [renameIn(table, 'it"s'), replaceType(a, 'text'), replaceType(b, 'real')]),
      'create table "it""s"(a text,b real not null)',
    )
  })

  it('comments keep their ends', () => {
    const sql = 'create table t (\n a int, -- first\n b int not null -- second\n, c int -- third\n unique\n)'
    const [, b, c] = first(sql).columns
    assert.ok(b && c?.constraints[0])
    for (const edits of [
      removeItem(first(sql), b),
      removeItem(first(sql), c),
      [removeColumnConstraint(sql, c.constraints[0])],
    ])
      accepts(applyEdits(sql, edits))
  })
})
