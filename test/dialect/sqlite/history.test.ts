import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  codeAttempt,
  createFolder,
  execute,
  openReady,
  openSession,
  query,
  recordOf,
  sqlAttempt,
} from './fixture.ts'

test('history keeps what it was told', async () => {
  using folder = createFolder()
  const before = Date.now()
  await using session = await openReady(folder.file)
  await session.applyInTransaction({
    ...(await sqlAttempt('0001_one', 'create table a (x); create table b (x)')),
    record: { ...recordOf('0001_one'), breaking: true, source: "it's\nthe source" },
  })
  await session.applyInTransaction(codeAttempt('0002_two', async () => {}))
  await session.recordSkipped(recordOf('0003_three'))
  await session.recordStarted(recordOf('0004_four'))
  const { exists, rows } = await session.readHistory()
  assert.equal(exists, true)
  assert.deepEqual(
    rows.map(({ appliedAt, durationMs, ...row }) => {
      assert.ok(appliedAt.getTime() >= before && appliedAt.getTime() <= Date.now())
      assert.ok(Number.isInteger(durationMs))
      return row
    }),
    [
      { ...fields('0001_one'), id: 1, breaking: true, state: 'applied', statementsDone: 2 },
      { ...fields('0002_two'), id: 2, breaking: false, state: 'applied', statementsDone: 0 },
      { ...fields('0003_three'), id: 3, breaking: false, state: 'skipped', statementsDone: 0 },
      { ...fields('0004_four'), id: 4, breaking: false, state: 'started', statementsDone: 0 },
    ],
  )
  assert.equal(await session.readSource('0001_one'), "it's\nthe source")
  assert.equal(await session.readSource('0009'), undefined)
  assert.deepEqual(query(folder.file, 'select event, name from schema_migrations_log order by id'), [
    { event: 'up', name: '0001_one' },
    { event: 'up', name: '0002_two' },
    { event: 'skip', name: '0003_three' },
    { event: 'start', name: '0004_four' },
  ])
  const [stored] = query(folder.file, 'select applied_at from schema_migrations')
  assert.match(String(stored?.applied_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

function fields(name: string) {
  return {
    name,
    checksum: `sha256-v1:${name}`,
    appliedBy: 'tester@host',
    runnerVersion: '0.0.0',
    runId: 'run-1',
  }
}

test('failures are told from the moment asked for', async () => {
  using folder = createFolder()
  await using session = await openSession(folder.file)
  assert.deepEqual(await session.failuresSince(new Date(0)), [])
  await session.ensureHistory()
  const began = new Date()
  await session.recordFailure(recordOf('0001'), 'near "x": syntax error', 3)
  const [failure, ...more] = await session.failuresSince(began)
  assert.deepEqual(more, [])
  assert.deepEqual(
    { ...failure, at: undefined },
    {
      name: '0001',
      checksum: 'sha256-v1:0001',
      runId: 'run-1',
      at: undefined,
      error: 'near "x": syntax error',
    },
  )
  assert.deepEqual(await session.failuresSince(new Date(Date.now() + 1000)), [])
  assert.deepEqual((await session.readHistory()).rows, [])
  assert.deepEqual(query(folder.file, 'select statements_done from schema_migrations_log'), [
    { statements_done: 3 },
  ])
})

test('ensuring history twice changes nothing', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const before = query(folder.file, 'select name, sql from sqlite_schema order by name')
  await session.ensureHistory()
  assert.deepEqual(query(folder.file, 'select name, sql from sqlite_schema order by name'), before)
})

test('any table name will do, and extra columns are left alone', async () => {
  using folder = createFolder()
  const table = `od"d 'name; drop`
  await using session = await openSession(folder.file, { table })
  await session.ensureHistory()
  execute(folder.file, `alter table "od""d 'name; drop" add column note text`)
  await session.applyInTransaction(await sqlAttempt('0001', 'create table t (a)'))
  assert.equal((await session.readHistory()).rows[0]?.name, '0001')
  assert.deepEqual(query(folder.file, `select count(*) as n from "od""d 'name; drop_log"`), [{ n: 1 }])
})

const foreign: readonly [what: string, ddl: string, message: RegExp][] = [
  [
    'dbmate',
    'create table schema_migrations (version varchar(128) primary key)',
    /columns version, .* Rails or dbmate/,
  ],
  [
    'golang-migrate',
    'create table schema_migrations (version uint64, dirty bool)',
    /version, dirty, .* golang-migrate/,
  ],
  ['Alembic', 'create table schema_migrations (version_num varchar(32) not null)', /of Alembic/],
  ['Knex', 'create table schema_migrations (id integer, name, batch, migration_time)', /of Knex/],
  [
    'somebody else',
    'create table schema_migrations (id integer, what text)',
    /columns id, what, which are not slipway's$/,
  ],
  [
    'other case',
    'create table Schema_Migrations (version text)',
    /table schema_migrations has the columns version/,
  ],
  ['a view', 'create view schema_migrations as select 1 as version', /the view schema_migrations/],
  [
    'a foreign log table',
    'create table schema_migrations_log (line text)',
    /schema_migrations_log has the columns line/,
  ],
]

test('a table of another tool is refused and not touched', async (t) => {
  for (const [what, ddl, message] of foreign) {
    await t.test(what, async () => {
      using folder = createFolder()
      execute(folder.file, ddl)
      const before = query(folder.file, 'select * from sqlite_schema')
      await using session = await openSession(folder.file)
      await assert.rejects(session.ensureHistory(), { code: 'foreign-history', message })
      assert.deepEqual(query(folder.file, 'select * from sqlite_schema'), before)
      if (what === 'a foreign log table') return
      await using reader = await openSession(folder.file, { intent: 'read' })
      await assert.rejects(reader.readHistory(), { code: 'foreign-history', message })
    })
  }
})

test('a temporary table of the same name does not pass for history', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await session.applyInTransaction(
    await sqlAttempt(
      '0001',
      'create temp table schema_migrations (id); create temp table schema_migrations_log (id)',
    ),
  )
  assert.equal((await session.readHistory()).rows[0]?.state, 'applied')
})
