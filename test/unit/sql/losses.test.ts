/** What the text of a down says of what it takes away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Loss } from '../../../src/sql/loss.ts'
import { createPostgresNames, findPostgresLosses } from '../../../src/sql/postgres-losses.ts'
import { createSqliteNames, findSqliteLosses } from '../../../src/sql/sqlite-losses.ts'

const show = (losses: readonly Loss[]) =>
  losses.map((loss) => {
    switch (loss.kind) {
      case 'column':
        return `${loss.table}.${loss.column}${loss.isUnsure === true ? ' ?' : ''}`
      case 'schema':
        return `schema ${loss.schema}`
      case 'opaque':
        return `? ${loss.what}`
      default:
        return `${loss.kind} ${loss.table}${'isUnsure' in loss ? ' ?' : ''}`
    }
  })

for (const [texts, wanted] of [
  [
    ['drop table users, "Odd Name", app.posts cascade'],
    ['table users', 'table "Odd Name"', 'table app.posts'],
  ],
  [
    ['alter table only app.users drop column if exists email, drop column "Name", add column x int'],
    ['app.users.email', 'app.users.Name'],
  ],
  [['alter table users drop constraint c', 'drop index i', 'drop view v', 'drop materialized view m'], []],
  [
    ['truncate a, b', 'delete from c where id > 3'],
    ['rows a', 'rows b', 'rows c'],
  ],
  [['drop schema app cascade', 'drop schema empty'], ['schema app']],
  [
    ['do $$ begin drop table x; end $$', 'call p()'],
    ['? a do block', '? a procedure call'],
  ],
  [['drop type mood cascade', 'drop type other'], ['? drop … cascade']],
  [['alter table people rename to users', 'drop table users'], ['table people']],
  [['drop table a', 'drop table a'], ['table a']],
  [["select 'drop table a'", '/* drop table b */ select 1'], []],
  [
    [
      'with gone as (delete from a returning *) insert into b select * from gone',
      'merge into c using d on true when matched then delete',
      'copy (delete from e returning *) to stdout',
      'merge into f using d on true when matched then update set x = 1',
      'create function p() returns void language sql begin atomic delete from g; end',
    ],
    ['rows a', 'rows c', 'rows e'],
  ],
  [
    [
      'select purge()',
      'select now(), setval($$s$$, 1)',
      'select lo_unlink(1)',
      'drop extension e',
      'checkpoint',
    ],
    ['? a function call', '? drop extension'],
  ],
  [['alter table t rename column a to b', 'alter table t drop column b'], ['t.a']],
  [['alter table public.a rename to b', 'drop table b'], ['table public.a']],
  [['alter table a set schema old', 'drop table old.a'], ['table a']],
  [
    ['alter schema app rename to old', 'drop table old.a', 'drop schema old cascade'],
    ['table app.a', 'schema app'],
  ],
  [
    ['set search_path = app', 'drop table a', 'alter table public.b drop column x'],
    ['table app.a', 'public.b.x'],
  ],
  [
    ['set search_path = a, b', 'drop table t', 'alter table t drop column x'],
    ['table t ?', 't.x ?'],
  ],
  [["select set_config('search_path', 'a', true)", 'delete from t'], ['rows t ?']],
  [
    [
      'create table t (id int)',
      'drop table t',
      'alter table u add column x int',
      'alter table u drop column x',
    ],
    [],
  ],
  [['create table if not exists t (id int)', 'drop table t'], ['table t']],
] as const)
  test(`PostgreSQL: ${texts.join('; ')}`, async () => {
    assert.deepEqual(show(await findPostgresLosses(texts)), wanted)
  })

for (const [texts, wanted] of [
  [
    ['drop table if exists main."Odd Name"', 'DROP TABLE [b c]'],
    ['table "Odd Name"', 'table "b c"'],
  ],
  [
    ['alter table users drop column email', 'alter table users drop "Name"'],
    ['users.email', 'users.Name'],
  ],
  [['delete from a'], ['rows a']],
  [['alter table people rename to users', 'drop table users'], ['table people']],
  [
    [
      'create table users_new (id integer)',
      'insert into users_new select id from users',
      'drop table users',
      'alter table users_new rename to users',
    ],
    ['rebuild users'],
  ],
  [["insert into a values ('drop table b')", 'drop index i', 'drop view v'], []],
  [['with x as (select 1) delete from main.a where id in x', 'explain select 1'], ['rows a']],
  [
    ['replace into a values (1)', 'insert or replace into b values (1)', 'update or replace "c d" set x = 1'],
    ['rows a', 'rows b', 'rows "c d"'],
  ],
  [['create trigger t after insert on a begin delete from b; end', "select replace('a', 'b', 'c')"], []],
  [['alter table T rename column A to b', 'alter table t drop B'], ['t.A']],
  [['alter table t add column x', 'alter table t drop column x', 'create table u (id)', 'drop table u'], []],
  [
    [
      'alter table users rename to old',
      'create table users (id integer)',
      'insert into users select id from old',
      'drop table old',
    ],
    ['rebuild users'],
  ],
] as const)
  test(`SQLite: ${texts.join('; ')}`, () => {
    assert.deepEqual(show(findSqliteLosses(texts)), wanted)
  })

for (const [dialect, find] of [
  ['PostgreSQL', withNames(createPostgresNames, findPostgresLosses)],
  ['SQLite', withNames(createSqliteNames, async (texts, names) => findSqliteLosses(texts, names))],
] as const)
  test(`${dialect}: from one down to the next`, async () => {
    const found = await find([
      ['alter table users rename to people', 'alter table people rename column whole to name'],
      [
        'create table people_new (id integer)',
        'drop table people',
        'alter table people_new rename to people',
      ],
      ['alter table people drop column name'],
      ['create table late (id integer)'],
      ['drop table late', 'drop table people'],
    ])
    const anew = dialect === 'SQLite' ? ['rebuild users'] : ['table users']
    assert.deepEqual(found.slice(0, 2), [[], anew])
    if (dialect === 'SQLite') assert.deepEqual(found.slice(2), [['users.whole'], [], ['table users']])
  })

type Find<N> = (texts: readonly string[], names: N) => Promise<readonly Loss[]>

function withNames<N>(create: () => N, find: Find<N>) {
  return async (downs: readonly (readonly string[])[]) => {
    const names = create()
    const found: string[][] = []
    for (const texts of downs) found.push(show(await find(texts, names)))
    return found
  }
}
