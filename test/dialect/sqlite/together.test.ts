/** Several migrations in one SQLite transaction: what its connection keeps from one is not seen by the next. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { TogetherPart } from '../../../src/dialects/dialect.ts'
import {
  codeAttempt,
  createFolder,
  execute,
  openReady,
  query,
  rawAttempt,
  recordOf,
  sqlAttempt,
  stateOf,
} from './fixture.ts'

const apply = (attempt: Awaited<ReturnType<typeof sqlAttempt>>): TogetherPart => ({ kind: 'apply', attempt })

function listen() {
  const told: string[] = []
  return {
    told,
    begin: (index: number) => void told.push(`begin ${index}`),
    end: (index: number) => void told.push(`end ${index}`),
  }
}

const family = `create table parent (id integer primary key, name text);
create table child (id integer primary key, parent integer references parent on delete cascade);
insert into parent values (1, 'a'), (2, 'b');
insert into child values (1, 1), (2, 2);`

const rebuild = `create table rebuilt (id integer primary key, name text not null);
insert into rebuilt select * from parent;
drop table parent;
alter table rebuilt rename to parent;`

it('all of them, and a skipped one between them', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const listener = listen()
  await session.applyTogether(
    [
      apply(await sqlAttempt('0001', 'create table a (n integer)')),
      { kind: 'skip', record: recordOf('0002') },
      apply(rawAttempt('0003', 'insert into a values (1)')),
    ],
    listener,
  )
  assert.deepEqual(listener.told, ['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2'])
  assert.deepEqual(await Promise.all(['0001', '0002', '0003'].map((name) => stateOf(session, name))), [
    'applied',
    'skipped',
    'applied',
  ])
})

it('none, when the last one fails', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const listener = listen()
  const parts = [
    apply(await sqlAttempt('0001', 'create table a (n integer)')),
    { kind: 'skip', record: recordOf('0002') } as const,
    apply(rawAttempt('0003', 'insert into nowhere values (1)')),
  ]
  await assert.rejects(session.applyTogether(parts, listener), /nowhere/)
  assert.equal(listener.told.at(-1), 'begin 2')
  assert.deepEqual((await session.readHistory()).rows, [])
  assert.deepEqual(query(folder.file, "select name from sqlite_schema where name = 'a'"), [])
})

for (const language of ['sql', 'code'] as const)
  it(`rebuilding a parent loses no row of its children (${language})`, async () => {
    using folder = createFolder()
    execute(folder.file, family)
    await using session = await openReady(folder.file)
    const listener = listen()
    const rebuilding =
      language === 'sql'
        ? await sqlAttempt('0002', rebuild)
        : codeAttempt('0002', async (executor) => {
            for (const text of rebuild.split(';\n')) await executor.query(text, [])
          })
    await session.applyTogether(
      [apply(await sqlAttempt('0001', "insert into parent values (3, 'c')")), apply(rebuilding)],
      listener,
    )
    assert.equal(query(folder.file, 'select * from child').length, 2)
    assert.equal(query(folder.file, 'select * from parent').length, 3)
    // What a script needs shows only as it runs: then all of it runs again.
    const once = ['begin 0', 'end 0', 'begin 1', 'end 1']
    assert.deepEqual(listener.told, language === 'sql' ? once : ['begin 0', 'end 0', 'begin 1', ...once])
  })

it('rows that refer to nothing are found at the end of the migration that made them', async () => {
  using folder = createFolder()
  execute(folder.file, family)
  await using session = await openReady(folder.file)
  const listener = listen()
  const parts = [
    apply(await sqlAttempt('0001', rebuild)),
    apply(await sqlAttempt('0002', 'insert into child values (9, 9)')),
    apply(await sqlAttempt('0003', 'select 1')),
  ]
  await assert.rejects(session.applyTogether(parts, listener), /child rowid 9 → parent/)
  assert.equal(listener.told.at(-1), 'begin 1')
  assert.equal(query(folder.file, 'select * from child').length, 2)
})

it('temporary tables and views end with the migration that made them', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await session.applyTogether(
    [
      apply(
        await sqlAttempt(
          '0001',
          'create table t (n integer); insert into t values (1); create table seen (n integer)',
        ),
      ),
      apply(
        await sqlAttempt(
          '0002',
          'create temporary table t (n integer); insert into temp.t values (2); create temporary view "odd ""v" as select * from temp.t',
        ),
      ),
      apply(await sqlAttempt('0003', 'insert into seen select n from t')),
    ],
    listen(),
  )
  assert.deepEqual(query(folder.file, 'select n from seen'), [{ n: 1 }])
})
