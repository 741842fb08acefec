/** What the text of a down says of what it takes away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Loss } from '../../../src/sql/loss.ts'
import { findPostgresLosses } from '../../../src/sql/postgres-losses.ts'
import { findSqliteLosses } from '../../../src/sql/sqlite-losses.ts'

const show = (losses: readonly Loss[]) =>
  losses.map((loss) => {
    switch (loss.kind) {
      case 'column':
        return `${loss.table}.${loss.column}`
      case 'schema':
        return `schema ${loss.schema}`
      case 'opaque':
        return `? ${loss.what}`
      default:
        return `${loss.kind} ${loss.table}`
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
] as const)
  test(`SQLite: ${texts.join('; ')}`, () => {
    assert.deepEqual(show(findSqliteLosses(texts)), wanted)
  })
