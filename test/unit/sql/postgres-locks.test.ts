/** Expected modes are those that pg_locks showed on PostgreSQL 15 and 18. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { combineLocks, parsePostgres } from '../../../src/sql/postgres.ts'
import type { TableLock } from '../../../src/sql/statement.ts'

/** `only a: SUE, b: AE` in the order of `locks`. */
const short = {
  'share update exclusive': 'SUE',
  share: 'S',
  'share row exclusive': 'SRE',
  'access exclusive': 'AE',
}
const show = (locks: readonly TableLock[]): string =>
  locks.map(({ table, mode, only }) => `${only === true ? 'only ' : ''}${table}: ${short[mode]}`).join(', ')

const cases = `
alter table a add column n int | a: AE
alter table only a add column n int | only a: AE
alter table if exists s.a add column n int | s.a: AE
alter table "A b" add column n int | "A b": AE
alter table "select"."user" add column n int | "select"."user": AE
alter table a add column n int references b | a: AE, b: SRE
alter table a add column n int references a | a: AE
alter table a add foreign key (n) references s.b (id) | a: SRE, s.b: SRE
alter table a add constraint k foreign key (n) references b not valid | a: SRE, b: SRE
alter table a add constraint k check (n > 0) not valid | a: AE
alter table a add constraint k unique using index i | a: AE
alter table a validate constraint k | a: SUE
alter table a alter n set statistics 10 | a: SUE
alter table a alter n set (n_distinct = 5) | a: SUE
alter table a cluster on i | a: SUE
alter table a set without cluster | a: SUE
alter table a set (fillfactor = 70, toast.autovacuum_enabled = off) | a: SUE
alter table a reset (parallel_workers) | a: SUE
alter table a set (user_catalog_table = on) | a: AE
alter table a set (fillfactor = 70, some_extension_option = 1) | a: AE
alter table a disable trigger tr | a: SRE
alter table a enable replica trigger tr | a: SRE
alter table a disable rule r | a: AE
alter table a validate constraint k, alter n set statistics 10 | a: SUE
alter table a validate constraint k, disable trigger all | a: SRE
alter table a disable trigger all, alter n type bigint | a: AE
alter table a drop constraint k | a: AE
alter table a owner to x | a: AE
alter table a enable row level security | a: AE
alter table p attach partition s.c for values in (1) | only p: SUE, s.c: AE
alter table p detach partition c | only p: AE, c: AE
alter table p detach partition c concurrently |
alter table p detach partition c finalize | only p: SUE, c: AE
alter table a inherit b | a: AE, only b: SUE
alter table a no inherit b | a: AE
alter table a rename to b | only a: AE
alter table a rename column x to y | a: AE
alter table a rename constraint x to y | a: AE
alter table s.a set schema t | only s.a: AE
alter view v rename column a to b |
alter view v rename to w |
alter index i rename to j |
alter index i set (fillfactor = 70) |
alter sequence q owned by a.id |
alter foreign table f add column x int |
alter type composite add attribute x int |
alter type composite rename attribute x to y |
alter trigger tr on a rename to tr2 | a: AE
alter policy pol on a using (true) | only a: AE
alter policy pol on a rename to pol2 | only a: AE
drop table a, s.b cascade | a: AE, s.b: AE
drop table d.s.b | s.b: AE
drop view v |
drop index i |
drop trigger tr on s.a | s.a: AE
drop rule r on a | a: AE
drop policy pol on a | a: AE
create index on a (n) | a: S
create index on only a (n) | only a: S
create index concurrently on a (n) |
create trigger tr before insert on s.a execute function f() | s.a: SRE
create trigger tr instead of insert on v for each row execute function f() |
create rule r as on insert to a do nothing | only a: AE
create policy pol on a | only a: AE
truncate a, only b | a: AE, only b: AE
create table n (id int) |
create table n (id int references b, foreign key (id) references s.c) | b: SRE, s.c: SRE
create table n (id int primary key, up int references n) |
create table n partition of p for values in (1) | only p: AE
create foreign table n partition of p for values in (1) server x | only p: AE
create table n (x int) inherits (a, b) | only a: SUE, only b: SUE
create table n (like a including all) |
create table n as select * from a |
create schema n create table t (id int references b) create index on t (id) | b: SRE
comment on table s.a is 'x' | only s.a: SUE
comment on column a.n is 'x' | only a: SUE
comment on column s.a.n is 'x' | only s.a: SUE
comment on view v is 'x' |
comment on constraint k on a is 'x' |
create statistics st on x, y from a | only a: SUE
cluster a using i | only a: AE
reindex table a | only a: S
reindex index i |
refresh materialized view m |
lock table a |
insert into a values (1) |
update a set n = 1 |
select 1 |`

describe('locks', () => {
  for (const line of cases.trim().split('\n')) {
    const [text = '', expected = ''] = line.split(/ \|/)
    it(`of ${text}: ${expected.trim() || 'none'}`, async () => {
      const [statement] = await parsePostgres(text)
      assert.equal(show(statement?.locks ?? []), expected.trim())
    })
  }
})

describe('combineLocks', () => {
  const scripts = [
    ['sorts by name', 'truncate b; truncate a; truncate s.a', 'a: AE, b: AE, s.a: AE'],
    [
      'keeps the strongest',
      'create index on a (x); alter table a add column y int; create index on a (y)',
      'a: AE',
    ],
    ['keeps the weaker where it is all', 'create index on a (x); comment on table a is null', 'a: S'],
    ['widens to the children', `comment on table a is null; create index on a (x)`, 'a: S'],
    [
      'stays with the parent',
      'create table c partition of p default; comment on table p is null',
      'only p: AE',
    ],
    ['leaves out what it makes', 'create table n (id int references b); create index on n (id)', 'b: SRE'],
    ['spells names one way', 'create table "n" (id int); create index on N (id)', ''],
    ['keeps what may be there', 'create table if not exists n (id int); create index on n (id)', 'n: S'],
    ['keeps what was used before', 'drop table n; create table n (id int); create index on n (id)', 'n: AE'],
    ['leaves out a new name', 'alter table a rename to b; alter table b add x int', 'only a: AE'],
    ['leaves out a new schema', 'alter table a set schema s; alter table s.a add x int', 'only a: AE'],
    ['knows create table as', 'create table n as select 1 as x; create index on n (x)', ''],
    ['knows select into', 'select 1 as x into n; create index on n (x)', ''],
    ['knows materialized views', 'create materialized view m as select 1 as x; create index on m (x)', ''],
    ['knows views', 'create view v as select 1; create rule r as on insert to v do instead nothing', ''],
    ['knows schema elements', 'create schema s create table t (x int); create index on s.t (x)', ''],
    ['tells schemas apart', 'create table s.n (x int); create index on n (x)', 'n: S'],
  ] as const
  for (const [what, script, expected] of scripts)
    it(what, async () => assert.equal(show(combineLocks(await parsePostgres(script))), expected))
})
