import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePostgres } from '../../../src/sql/postgres.ts'

const refused = `
create index concurrently on t (a)
create unique index concurrently if not exists i on s.t (a)
drop index concurrently i
drop index concurrently if exists s.i
reindex index concurrently i
reindex (concurrently, verbose) table t
reindex (concurrently on) table t
reindex schema public
reindex database d
reindex system d
vacuum
vacuum (full, analyze) t
cluster
cluster verbose
create database d
drop database if exists d with (force)
alter database d set tablespace x
create tablespace x location '/x'
drop tablespace x
alter system set work_mem = '4MB'
alter system reset all
alter table p detach partition c concurrently
create subscription s connection 'x' publication p
create subscription s connection 'x' publication p with (enabled = false)
create subscription s connection 'x' publication p with (create_slot = on, slot_name = 'x')
drop subscription s
alter subscription s refresh publication
alter subscription s set publication p
alter subscription s add publication p with (copy_data = false)
alter subscription s set (failover = true)
alter subscription s set (two_phase = false)
discard all
commit prepared 'x'
rollback prepared 'x'`

const accepted = `
create index on t (a)
drop index i
reindex index i
reindex table t
reindex (concurrently false) table t
analyze t
cluster t using i
alter database d set work_mem = '4MB'
alter database d owner to x
alter table p detach partition c
alter table p detach partition c finalize
create subscription s connection 'x' publication p with (connect = false)
create subscription s connection 'x' publication p with (create_slot = false)
create subscription s connection 'x' publication p with (create_slot = 0)
alter subscription s set publication p with (refresh = off)
alter subscription s disable
alter subscription s set (slot_name = none)
discard plans
alter type mood add value 'ok'
refresh materialized view concurrently m
create extension if not exists pgcrypto
truncate t
create function f() returns void language plpgsql as $$ begin commit; end $$
select 'vacuum'
do language plpgsql 'begin end'
do $$ begin execute format('drop table %I', 't'); end $$`

const mayCommit = `
call p(1)
do $$ begin commit; end $$
do $$ begin call p(); end $$
do language plpython3u $$ plpy.commit() $$`

describe('transaction', () => {
  const groups = [
    ['refused', refused],
    ['any', accepted],
    ['may-commit', mayCommit],
  ] as const
  for (const [expected, group] of groups)
    for (const text of group.trim().split('\n'))
      it(`is ${expected} for ${text}`, async () =>
        assert.equal((await parsePostgres(text))[0]?.transaction, expected))
})

describe('concurrentIndex', () => {
  const cases = [
    [
      'create unique index concurrently if not exists i on app.users (email, lower(name), "Odd") include (x)',
      {
        action: 'create',
        index: 'app.i',
        table: 'app.users',
        unique: true,
        columns: ['email', undefined, '"Odd"'.slice(1, -1)],
      },
    ],
    [
      'create index concurrently on "User" (a)',
      { action: 'create', index: undefined, table: '"User"', unique: false, columns: ['a'] },
    ],
    ['drop index concurrently if exists app."I"', { action: 'drop', index: 'app."I"' }],
    ['drop index concurrently i', { action: 'drop', index: 'i' }],
    ['create index i on t (a)', undefined],
    ['drop index i', undefined],
    ['reindex index concurrently i', undefined],
  ] as const
  for (const [text, expected] of cases)
    it(`reads ${text}`, async () =>
      assert.deepEqual((await parsePostgres(text))[0]?.concurrentIndex, expected))
})
