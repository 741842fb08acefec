/** What a file outside a transaction sets for the rest of itself, and what table locks mean once search_path has moved. */
import assert from 'node:assert/strict'
import { faultOptions } from '../../helpers/fault-point.ts'
import { createScene, testEach } from './scene.ts'

const file = `-- migrate:up transaction:false
set search_path = app;
create table things (id integer);
create temp table seen (id integer);
insert into seen values (1);
create index concurrently things_id on things (id);
insert into things select id from seen;
`

testEach(
  'settings and temporary tables reach the later statements of the same file, and no other file',
  async (major) => {
    await using scene = await createScene(major, {
      '0001_schema.sql': 'create schema app;',
      '0002_carried.sql': file,
      '0003_after.sql': 'create table others (id integer);',
    })
    await scene.up(0)
    const tables = await scene.db.query<{ place: string }>(
      "select schemaname || '.' || tablename as place from pg_tables where schemaname in ('app', 'public') and tablename in ('things', 'others') order by 1",
    )
    assert.deepEqual(
      tables.map(({ place }) => place),
      ['app.things', 'public.others'],
    )
    assert.equal((await scene.db.query('select 1 from app.things')).length, 1)
  },
)

testEach('a resumed file has the settings of the statements that already ran', async (major) => {
  await using scene = await createScene(major, {
    '0001_schema.sql': 'create schema app;',
    '0002_carried.sql':
      '-- migrate:up transaction:false\nset search_path = app;\ncreate table one (id integer);\ncreate table two (id integer);\n',
  })
  const { nodeOptions, env } = faultOptions({ fault: 'statement-done:3' })
  const killed = await scene.run(['up'], { ...env, NODE_OPTIONS: nodeOptions.join(' ') })
  assert.equal(killed.signal, 'SIGKILL')
  await scene.up(0)
  const tables = await scene.db.query("select 1 from pg_tables where schemaname = 'app'")
  assert.equal(tables.length, 2)
})

testEach(
  'a table outside the search_path of the migration is not locked for one of that name inside it',
  async (major) => {
    await using scene = await createScene(major, {
      '0001_tables.sql': 'create schema app;\ncreate table app.t (id integer);\ncreate table t (id integer);',
      '0002_alter.sql': 'set local search_path = app;\nalter table t add column more integer;',
    })
    await scene.run(['up', '--to', '0001_tables'])
    await using reader = await scene.db.connect()
    await reader.unsafe('begin; lock table public.t in access share mode')
    await scene.up(0, { SLIPWAY_DDL_RETRY_FOR: '0' })
    await reader.unsafe('rollback')
  },
)
